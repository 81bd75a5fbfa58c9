package platform

import "time"

// sent remembers the client_msg_ids of an account. It is guarded by the lock of
// the account.
type sent struct {
	byKey map[sentKey]sentEntry
	order []sentKey // oldest first
}

type sentKey struct{ openID, clientMsgID string }

type sentEntry struct {
	msgID int64
	until time.Time
}

// once returns the message id under which a client_msg_id was first delivered to
// a follower, or takes next for it. Without a client_msg_id every message is new.
func (s *sent) once(key sentKey, now time.Time, life time.Duration, next func() int64) (msgID int64, repeated bool) {
	for len(s.order) > 0 && !now.Before(s.byKey[s.order[0]].until) {
		delete(s.byKey, s.order[0])
		s.order = s.order[1:]
	}
	if key.clientMsgID == "" {
		return next(), false
	}
	if e, ok := s.byKey[key]; ok {
		return e.msgID, true
	}
	if s.byKey == nil {
		s.byKey = map[sentKey]sentEntry{}
	}
	id := next()
	s.byKey[key] = sentEntry{id, now.Add(life)}
	s.order = append(s.order, key)
	return id, false
}

// SendOnce returns the message id under which a client_msg_id was first delivered to a
// follower, or takes next for it, and remembers it for life.
func (m *memory) SendOnce(openID, clientMsgID string, now time.Time, life time.Duration, next func() int64) (msgID int64, repeated bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent.once(sentKey{openID, clientMsgID}, now, life, next)
}
