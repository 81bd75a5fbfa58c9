package wechat

import "strings"

// event reads the fields of an event. The platform mixes upper and lower case
// in the names of events, so the case is ignored.
func (f *fields) event(m *Message) Body {
	name := strings.ToLower(m.Event)
	switch name {
	case "subscribe":
		scene, _ := strings.CutPrefix(m.EventKey, "qrscene_")
		if scene == m.EventKey {
			scene = ""
		}
		return &Subscribe{Scene: scene, Ticket: f.text("Ticket")}
	case "unsubscribe":
		return &Unsubscribe{}
	case "scan":
		return &Scan{Scene: m.EventKey, Ticket: f.text("Ticket")}
	case "location":
		return &Position{
			Latitude:  f.float(f.root, "Latitude"),
			Longitude: f.float(f.root, "Longitude"),
			Precision: f.float(f.root, "Precision"),
		}
	case "click":
		return &Click{Key: m.EventKey}
	case "view", "view_miniprogram":
		return &View{URL: m.EventKey, MenuID: f.text("MenuId"), MiniProgram: name != "view"}
	case "scancode_push", "scancode_waitmsg":
		info := f.root.Child("ScanCodeInfo")
		return &MenuScan{
			Key: m.EventKey, Wait: name == "scancode_waitmsg",
			ScanType: info.ChildText("ScanType"), Result: info.ChildText("ScanResult"),
		}
	case "pic_sysphoto", "pic_photo_or_album", "pic_weixin":
		return f.pictures(m.EventKey, name)
	case "location_select":
		info := f.root.Child("SendLocationInfo")
		return &MenuLocation{Key: m.EventKey, Location: f.place(info), POI: info.ChildText("Poiname")}
	case "templatesendjobfinish":
		return &TemplateSent{MsgID: f.text("MsgID"), Status: f.text("Status")}
	case "masssendjobfinish":
		return f.massSent()
	case "kf_create_session", "kf_close_session":
		change := strings.TrimSuffix(strings.TrimPrefix(name, "kf_"), "_session")
		return &AgentSession{Change: change, Agent: f.text("KfAccount")}
	case "kf_switch_session":
		return &AgentSession{Change: "switch", Agent: f.text("ToKfAccount"), From: f.text("FromKfAccount")}
	default:
		return &Unknown{Root: f.root}
	}
}

func (f *fields) pictures(key, source string) *MenuPictures {
	info := f.root.Child("SendPicsInfo")
	p := &MenuPictures{Key: key, Source: source, Count: f.integer(info, "Count")}
	if list := info.Child("PicList"); list != nil {
		for i := range list.Children {
			if sum := list.Children[i].ChildText("PicMd5Sum"); sum != "" {
				p.MD5Sums = append(p.MD5Sums, sum)
			}
		}
	}
	return p
}

func (f *fields) massSent() *MassSent {
	m := &MassSent{
		MsgID:          f.text("MsgID"),
		Status:         f.text("Status"),
		Total:          f.integer(f.root, "TotalCount"),
		Filtered:       f.integer(f.root, "FilterCount"),
		Sent:           f.integer(f.root, "SentCount"),
		Error:          f.integer(f.root, "ErrorCount"),
		CopyrightState: f.integer(f.root.Child("CopyrightCheckResult"), "CheckState"),
	}
	if list := f.root.Child("ArticleUrlResult").Child("ResultList"); list != nil {
		for i := range list.Children {
			if url := list.Children[i].ChildText("ArticleUrl"); url != "" {
				m.ArticleURLs = append(m.ArticleURLs, url)
			}
		}
	}
	return m
}
