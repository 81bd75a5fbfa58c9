package api

import "oalab/mockwechat/platform"

const contentJSON = "application/json; encoding=utf-8"

// endpoint is one API of the platform.
type endpoint struct {
	post   bool // POST alone; otherwise GET and POST
	bare   bool // a POST may have no body
	public bool // needs no access token
	// account finds whose call it is when no token says so.
	account   func(*request) *platform.Official
	serve     func(*request) answer
	component bool // a third-party platform calls it with its own token
	// message: the call sends something to a follower.
	message bool
	needs   grade
	perDay  int   // calls a day; 0: the family's own limit, or none
	body    int64 // longest request; 0: a megabyte
}

func (e endpoint) bodyLimit() int64 {
	if e.body > 0 {
		return e.body
	}
	return 1 << 20
}

// grade is what an account must be to have an API (MSG-13). The classes are those of the
// platform's table of interface rights; where the sheet is silent, from general knowledge.
type grade int

const (
	anyAccount grade = iota
	serviceOrVerified
	verified
	verifiedService
)

func (g grade) met(a platform.Account) bool {
	service := a.Type != platform.TypeSubscription
	switch g {
	case serviceOrVerified:
		return service || !a.Unverified
	case verified:
		return !a.Unverified
	case verifiedService:
		return service && !a.Unverified
	case anyAccount:
	}
	return true
}

// upload is the longest request with a file in it.
const upload = 12 << 20

// endpointTable is the APIs by path (sheet 3 to 5).
func endpointTable() map[string]endpoint {
	return map[string]endpoint{
		"/cgi-bin/token":                 {public: true, account: queryCaller, serve: serveToken},
		"/cgi-bin/stable_token":          {public: true, post: true, account: bodyCaller, serve: serveStableToken},
		"/cgi-bin/ticket/getticket":      {serve: serveTicket},
		"/cgi-bin/getcallbackip":         {serve: serveCallbackIPs},
		"/cgi-bin/get_api_domain_ip":     {serve: serveCallbackIPs},
		"/cgi-bin/callback/check":        {post: true, serve: serveCallbackCheck},
		"/cgi-bin/clear_quota":           {post: true, serve: serveClearQuota},
		"/cgi-bin/clear_quota/v2":        {post: true, public: true, account: formCaller, serve: serveClearQuotaBySecret},
		"/cgi-bin/openapi/quota/get":     {post: true, serve: serveQuotaGet},
		"/cgi-bin/message/template/send": {post: true, serve: serveTemplate, message: true, needs: verifiedService},
		"/cgi-bin/message/custom/send":   {post: true, serve: serveCustom, message: true, needs: verified},
		"/cgi-bin/message/custom/typing": {post: true, serve: serveTyping, needs: verified},

		"/sns/oauth2/access_token":  {public: true, account: queryCaller, serve: serveWebToken, needs: verifiedService},
		"/sns/oauth2/refresh_token": {public: true, account: queryCaller, serve: serveWebRefresh, needs: verifiedService},
		"/sns/userinfo":             {public: true, account: webCaller, serve: serveWebUser},
		"/sns/auth":                 {public: true, account: webCaller, serve: serveWebAuth},
		"/sns/jscode2session":       {public: true, account: queryCaller, serve: serveMiniSession},

		"/cgi-bin/component/api_component_token":       {public: true, post: true, account: componentCaller, serve: serveComponentToken},
		"/cgi-bin/component/api_start_push_ticket":     {public: true, post: true, account: componentCaller, serve: serveStartTickets},
		"/cgi-bin/component/api_create_preauthcode":    {post: true, component: true, serve: servePreAuth},
		"/cgi-bin/component/api_query_auth":            {post: true, component: true, serve: serveQueryAuth},
		"/cgi-bin/component/api_authorizer_token":      {post: true, component: true, serve: serveLentToken},
		"/cgi-bin/component/api_get_authorizer_info":   {post: true, component: true, serve: serveAuthorizer},
		"/cgi-bin/component/api_get_authorizer_list":   {post: true, component: true, serve: serveAuthorizers},
		"/cgi-bin/component/api_get_authorizer_option": {post: true, component: true, serve: serveOption},
		"/cgi-bin/component/api_set_authorizer_option": {post: true, component: true, serve: serveSetOption},
		"/cgi-bin/component/clear_quota":               {post: true, component: true, serve: serveComponentClear},
		"/sns/oauth2/component/access_token":           {component: true, serve: serveLentWebToken},
		"/sns/oauth2/component/refresh_token":          {component: true, serve: serveLentWebRefresh},

		"/cgi-bin/template/api_set_industry":         {post: true, serve: serveSetIndustry, needs: verifiedService},
		"/cgi-bin/template/get_industry":             {serve: serveGetIndustry, needs: verifiedService},
		"/cgi-bin/template/api_add_template":         {post: true, serve: serveAddTemplate, needs: verifiedService},
		"/cgi-bin/template/get_all_private_template": {serve: serveTemplates, needs: verifiedService},
		"/cgi-bin/template/del_private_template":     {post: true, serve: serveDeleteTemplate, needs: verifiedService},

		"/cgi-bin/user/info":                      {serve: serveUser, needs: verified, perDay: 5_000_000},
		"/cgi-bin/user/info/batchget":             {post: true, serve: serveUsers, needs: verified, perDay: 5_000_000},
		"/cgi-bin/user/get":                       {serve: serveFollowers, needs: verified, perDay: 500},
		"/cgi-bin/user/info/updateremark":         {post: true, serve: serveRemark, needs: verified, perDay: 10_000},
		"/cgi-bin/tags/create":                    {post: true, serve: serveTagCreate, needs: verified},
		"/cgi-bin/tags/get":                       {serve: serveTags, needs: verified},
		"/cgi-bin/tags/update":                    {post: true, serve: serveTagUpdate, needs: verified},
		"/cgi-bin/tags/delete":                    {post: true, serve: serveTagDelete, needs: verified},
		"/cgi-bin/tags/getidlist":                 {post: true, serve: serveTagsOf, needs: verified},
		"/cgi-bin/user/tag/get":                   {post: true, serve: serveTagged, needs: verified},
		"/cgi-bin/tags/members/batchtagging":      {post: true, serve: serveTagging, needs: verified},
		"/cgi-bin/tags/members/batchuntagging":    {post: true, serve: serveUntagging, needs: verified},
		"/cgi-bin/tags/members/getblacklist":      {post: true, serve: serveBlacklist, needs: verified},
		"/cgi-bin/tags/members/batchblacklist":    {post: true, serve: serveBlacklisting, needs: verified},
		"/cgi-bin/tags/members/batchunblacklist":  {post: true, serve: serveUnblacklisting, needs: verified},
		"/cgi-bin/menu/create":                    {post: true, serve: serveMenuCreate, needs: serviceOrVerified, perDay: 1000},
		"/cgi-bin/menu/get":                       {serve: serveMenu, needs: serviceOrVerified, perDay: 10_000},
		"/cgi-bin/menu/delete":                    {serve: serveMenuDelete, needs: serviceOrVerified, perDay: 1000},
		"/cgi-bin/menu/addconditional":            {post: true, serve: serveMenuCondition, needs: serviceOrVerified, perDay: 2000},
		"/cgi-bin/menu/delconditional":            {post: true, serve: serveMenuUncondition, needs: serviceOrVerified, perDay: 2000},
		"/cgi-bin/menu/trymatch":                  {post: true, serve: serveMenuMatch, needs: serviceOrVerified, perDay: 20_000},
		"/cgi-bin/get_current_selfmenu_info":      {serve: serveSelfMenu, needs: serviceOrVerified},
		"/cgi-bin/media/upload":                   {post: true, serve: serveMediaUpload, needs: verified, perDay: 100_000, body: upload},
		"/cgi-bin/media/uploadimg":                {post: true, serve: serveImageUpload, needs: verified, body: upload},
		videoPath:                                 {public: true, account: queryCaller, serve: serveVideo},
		"/cgi-bin/media/get":                      {serve: serveMediaGet, needs: verified, perDay: 200_000},
		"/cgi-bin/material/add_material":          {post: true, serve: serveMaterialAdd, needs: verified, body: upload},
		"/cgi-bin/material/get_material":          {post: true, serve: serveMaterialGet, needs: verified},
		"/cgi-bin/material/del_material":          {post: true, serve: serveMaterialDelete, needs: verified},
		"/cgi-bin/material/get_materialcount":     {serve: serveMaterialCount, needs: verified},
		"/cgi-bin/material/batchget_material":     {post: true, serve: serveMaterials, needs: verified},
		"/cgi-bin/draft/add":                      {post: true, serve: serveDraftAdd, needs: verified},
		"/cgi-bin/draft/get":                      {post: true, serve: serveDraftGet, needs: verified},
		"/cgi-bin/draft/delete":                   {post: true, serve: serveDraftDelete, needs: verified},
		"/cgi-bin/draft/count":                    {serve: serveDraftCount, needs: verified},
		"/cgi-bin/freepublish/submit":             {post: true, serve: servePublish, needs: verified},
		"/cgi-bin/freepublish/get":                {post: true, serve: servePublished, needs: verified},
		"/cgi-bin/qrcode/create":                  {post: true, serve: serveQRCode, needs: verifiedService, perDay: 100_000},
		"/cgi-bin/shorten/gen":                    {post: true, serve: serveShorten, needs: verified},
		"/cgi-bin/shorten/fetch":                  {post: true, serve: serveUnshorten, needs: verified},
		"/cgi-bin/message/mass/sendall":           {post: true, serve: serveMassAll, needs: verified, message: true, perDay: 100},
		"/cgi-bin/message/mass/send":              {post: true, serve: serveMassList, needs: verified, message: true, perDay: 100},
		"/cgi-bin/message/mass/preview":           {post: true, serve: serveMassPreview, needs: verified, message: true, perDay: 100},
		"/cgi-bin/message/mass/get":               {post: true, serve: serveMassState, needs: verified},
		"/cgi-bin/message/mass/delete":            {post: true, serve: serveMassDelete, needs: verified},
		"/cgi-bin/message/mass/speed/get":         {post: true, bare: true, serve: serveMassSpeed, needs: verified},
		"/cgi-bin/message/mass/speed/set":         {post: true, serve: serveMassSpeedSet, needs: verified},
		"/cgi-bin/customservice/getkflist":        {serve: serveAgents, needs: verified},
		"/customservice/getkflist":                {serve: serveAgents, needs: verified},
		"/cgi-bin/customservice/getonlinekflist":  {serve: serveOnlineAgents, needs: verified},
		"/customservice/getonlinekflist":          {serve: serveOnlineAgents, needs: verified},
		"/customservice/kfaccount/add":            {post: true, serve: serveAgentAdd, needs: verified},
		"/customservice/kfaccount/update":         {post: true, serve: serveAgentUpdate, needs: verified},
		"/customservice/kfaccount/inviteworker":   {post: true, serve: serveAgentInvite, needs: verified},
		"/customservice/kfaccount/uploadheadimg":  {post: true, serve: serveAgentPicture, needs: verified, body: upload},
		"/customservice/kfaccount/del":            {serve: serveAgentDelete, needs: verified},
		"/customservice/kfsession/create":         {post: true, serve: serveSessionCreate, needs: verified},
		"/customservice/kfsession/close":          {post: true, serve: serveSessionClose, needs: verified},
		"/customservice/kfsession/getsession":     {serve: serveSession, needs: verified},
		"/customservice/kfsession/getsessionlist": {serve: serveSessions, needs: verified},
		"/customservice/kfsession/getwaitcase":    {serve: serveWaiting, needs: verified},
		"/customservice/msgrecord/getmsglist":     {post: true, serve: serveRecords, needs: verified},
	}
}
