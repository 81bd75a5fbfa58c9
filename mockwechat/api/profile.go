package api

import (
	"encoding/base64"
	"encoding/binary"
	"hash/fnv"

	"oalab/mockwechat/platform"
)

// profile is what a follower tells of himself. It is generated from the openid.
type profile struct {
	nickname, province, city, picture string
	sex                               int
	subscribed                        int64 // Unix seconds
}

var (
	familyNames = []string{"王", "李", "张", "刘", "陈", "杨", "黄", "赵", "欧阳"}
	givenNames  = []string{"小明", "伟", "芳", "秀英", "敏", "静", "磊", "洋😀", "艳🌸", "勇👍🏽", "杰", "娟👨‍👩‍👧", "涛", "超", "<b>兰</b>"}
	places      = [][2]string{{"广东", "广州"}, {"广东", "深圳"}, {"浙江", "杭州"}, {"四川", "成都"}, {"湖北", "武汉"}, {"", ""}}
)

func profileOf(openID string) profile {
	h := fnv.New64a()
	_, _ = h.Write([]byte(openID)) // a hash takes everything
	n := platform.Mix(h.Sum64())
	place := places[n>>24%uint64(len(places))]
	return profile{
		nickname: familyNames[n%uint64(len(familyNames))] + givenNames[n>>8%uint64(len(givenNames))],
		province: place[0], city: place[1], sex: int(n >> 40 % 3),
		picture:    "https://thirdwx.qlogo.cn/mmopen/" + openID + "/0",
		subscribed: 1_600_000_000 + int64(n>>16%80_000_000),
	}
}

// sessionKey is 16 random bytes in base64, as for a mini-program's session.
func sessionKey(p *platform.Platform) string {
	var b [16]byte
	binary.BigEndian.PutUint64(b[:], p.Random())
	binary.BigEndian.PutUint64(b[8:], p.Random())
	return base64.StdEncoding.EncodeToString(b[:])
}
