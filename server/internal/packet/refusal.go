package packet

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"oalab/server/internal/binding"
)

// RefusalError is a request that was understood and not done, with the words for the follower.
// Nothing was changed.
type RefusalError struct {
	// Reason is the word for programs: the metric's label, and reason in the answer.
	Reason string
	// Status is that of HTTP.
	Status int
	// Text is what the follower reads.
	Text string
	// When says what leads to it, for the page of the API.
	When string
}

// Error is the text for the follower.
func (r *RefusalError) Error() string { return r.Text }

// The refusals of the API.
var (
	errForm     = &RefusalError{"form", http.StatusBadRequest, "请求格式有误。", "the body is not the JSON object of the call, or a value has no possible form"}
	errSerial   = &RefusalError{"serial", http.StatusBadRequest, "请求流水号有误。", "the serial is not of 1 to 64 letters, digits, `-` and `_`"}
	errKind     = &RefusalError{"kind", http.StatusBadRequest, "红包类型有误。", "the kind is neither `equal` nor `random`"}
	errWish     = &RefusalError{"wish", http.StatusBadRequest, "祝福语过长或含有无效字符。", "the wish has more than 40 characters, or one that is not printed"}
	errNoShares = &RefusalError{"no_shares", http.StatusBadRequest, "红包个数至少为 1 个。", "fewer shares than 1"}
	errShares   = &RefusalError{"too_many_shares", http.StatusBadRequest, "红包个数超过上限。", "more shares than `packet.max_shares`"}
	errNoUnits  = &RefusalError{"no_units", http.StatusBadRequest, "流量必须大于 0。", "an amount of 0 or below"}
	errUnits    = &RefusalError{"too_many_units", http.StatusBadRequest, "流量超过单次上限。", "an amount above `packet.max_units`, or one of more than 100000 to redeem"}
	errFew      = &RefusalError{"too_few_units", http.StatusBadRequest, "每个红包至少 1 MB，总流量不能少于红包个数。", "fewer units than shares"}
	errUneven   = &RefusalError{"uneven", http.StatusBadRequest, "普通红包的总流量必须能按个数平分。", "the units of an equal packet are no multiple of its shares"}
	errSnapshot = &RefusalError{"snapshot", http.StatusForbidden, "请进入完整页面并登录后再操作。", "the login is that of a snapshot page, whose openid is made up"}
	errPrivate  = &RefusalError{"not_for_you", http.StatusForbidden, "这个红包是发给其他人的。", "the packet is for another follower"}
	errUnknown  = &RefusalError{"not_found", http.StatusNotFound, "红包不存在。", "the account has no packet of this id"}
	errUnbound  = &RefusalError{"unbound", http.StatusConflict, "您还没有绑定手机号码，请先绑定后再兑换。", "data is redeemed without a bound number"}
	errPoor     = &RefusalError{"poor", http.StatusConflict, "您的流量余额不足。", "the balance is below the amount"}
	errReused   = &RefusalError{"serial_used", http.StatusConflict, "该流水号已用于另一笔业务。", "the serial came before, with another packet or amount"}
	errOwn      = &RefusalError{"own", http.StatusConflict, "不能领取自己发出的红包。", "the sender grabs"}
	errGrabbed  = &RefusalError{"grabbed", http.StatusConflict, "您已领取过这个红包。", "a second grab; `units` is what the first one brought"}
	errSoldOut  = &RefusalError{"sold_out", http.StatusConflict, "手慢了，红包已被领完。", "every share is taken"}
	errEnded    = &RefusalError{"ended", http.StatusConflict, "红包已过期，剩余流量已退回发送者。", "the packet's time has passed"}
	errOpened   = &RefusalError{"opened", http.StatusConflict, "今天的系统红包已领取，明天再来吧。", "the daily packet was opened today"}
	errNoDaily  = &RefusalError{"no_daily", http.StatusConflict, "多参与互动，即可领取每日系统红包。", "`packet.daily` has nothing for the follower's activity"}
	errOften    = &RefusalError{"too_often", http.StatusTooManyRequests, "操作过于频繁，请稍后再试。", "more calls of one follower than `packet.sends_per_minute` or `packet.grabs_per_minute`"}
	errBusy     = &RefusalError{"busy", http.StatusServiceUnavailable, "抢红包的人太多了，请再试一次。", "all shares that are left are being grabbed at this moment"}
	errAway     = &RefusalError{"unavailable", http.StatusServiceUnavailable, "系统繁忙，请稍后再试。", "the database does not answer, or it is not known whether the change is stored; the same request again is safe"}
)

// Refusals lists them all, in the order of their statuses.
func Refusals() []*RefusalError {
	return []*RefusalError{
		errForm, errSerial, errKind, errWish, errNoShares, errShares, errNoUnits, errUnits, errFew, errUneven,
		errSnapshot, errPrivate, errUnknown, errUnbound, errPoor, errReused, errOwn, errGrabbed, errSoldOut, errEnded,
		errOpened, errNoDaily, errOften, errBusy, errAway,
	}
}

// refusalOf is how the API says an error of the store; nil for one that is no refusal.
func refusalOf(err error) *RefusalError {
	if r, ok := errors.AsType[*RefusalError](err); ok {
		return r
	}
	for _, entry := range []struct {
		err error
		as  *RefusalError
	}{
		{ErrNoPacket, errUnknown},
		{ErrOwn, errOwn},
		{ErrNotForYou, errPrivate},
		{ErrGrabbed, errGrabbed},
		{ErrSoldOut, errSoldOut},
		{ErrEnded, errEnded},
		{ErrBusy, errBusy},
		{binding.ErrUnbound, errUnbound},
		{ErrPoor, errPoor},
		{ErrSerialUsed, errReused},
		{ErrRepeated, errOpened},
	} {
		if errors.Is(err, entry.err) {
			return entry.as
		}
	}
	return nil
}

// grabbedError is ErrGrabbed with what the follower has.
type grabbedError struct{ units int64 }

func (g grabbedError) Error() string { return fmt.Sprintf("%v: %d units", ErrGrabbed, g.units) }

// Unwrap returns ErrGrabbed.
func (grabbedError) Unwrap() error { return ErrGrabbed }

// oftenError is errOften with the time after which there is room.
type oftenError struct{ wait time.Duration }

func (o oftenError) Error() string { return errOften.Text }

// Unwrap returns the refusal.
func (oftenError) Unwrap() error { return errOften }
