package demo

import (
	"sync"
	"time"
)

// sessionLifetime bounds a login in the product, whatever the provider says later.
const sessionLifetime = 24 * time.Hour

// session is one login in this product. Values are copied in and out of the store; a
// page being written never sees half a change.
type session struct {
	login  login
	tokens tokens

	expires     time.Time
	refreshedAt time.Time // zero until the first refresh
	userinfo    string    // last answer of the userinfo endpoint, e.g. "200 OK"

	// problem says what went wrong last, or why the session is over.
	problem *problem
	// ended sessions hold nothing but their problem, so that the person reads why
	// they are logged out instead of wondering.
	ended bool

	// refreshing lets one tab refresh at a time: where refresh tokens rotate, the
	// second use of the same one looks like theft to the provider.
	refreshing *sync.Mutex
}

// tokens never leave the server.
type tokens struct{ access, refresh, id string }

// sessions keeps the logins of one product by the value of the session cookie.
type sessions struct {
	mu   sync.Mutex
	byID map[string]session
}

// add keeps a new login for a day and sweeps what is older.
func (s *sessions) add(id string, born session, now time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byID == nil {
		s.byID = map[string]session{}
	}
	for old, other := range s.byID {
		if !other.expires.After(now) {
			delete(s.byID, old)
		}
	}
	born.refreshing = &sync.Mutex{}
	born.expires = now.Add(sessionLifetime)
	s.byID[id] = born
}

// get returns a copy, ended sessions included.
func (s *sessions) get(id string, now time.Time) (session, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	found, ok := s.byID[id]
	return found, ok && found.expires.After(now)
}

// change applies to a session that is still alive. One that ended in the meantime stays
// ended: a slow refresh must not bring back what a back-channel logout took away.
func (s *sessions) change(id string, apply func(*session)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if found, ok := s.byID[id]; ok && !found.ended {
		apply(&found)
		s.byID[id] = found
	}
}

// end closes a session and remembers why.
func (s *sessions) end(id string, why problem) {
	s.change(id, func(alive *session) { alive.close(why) })
}

// endOf closes every session with this sid or, when the provider names none, every
// session of this subject. It returns how many there were.
func (s *sessions) endOf(sid, subject string, why problem) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := 0
	for id, found := range s.byID {
		if found.ended || !found.login.isOf(sid, subject) {
			continue
		}
		found.close(why)
		s.byID[id] = found
		count++
	}
	return count
}

// remove forgets a session without a reason, as after Log out.
func (s *sessions) remove(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.byID, id)
}

// close wipes everything but the reason.
func (s *session) close(why problem) {
	*s = session{ended: true, problem: &why, expires: s.expires, refreshing: s.refreshing}
}
