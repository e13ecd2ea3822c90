package conformance

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"time"
)

// rpLogout is the RP-Initiated Logout OP plan.
var rpLogout = []module{
	{"rp-initiated-logout-discovery-endpoint-verification", func(s *suite) error {
		if u, err := url.Parse(s.endpoint("end_session_endpoint")); err != nil || u.Host == "" {
			return fmt.Errorf("end_session_endpoint is %q", s.endpoint("end_session_endpoint"))
		}
		return nil
	}},
	{"rp-initiated-logout", func(s *suite) error { return s.logsOut("state", unguessable()) }},
	{"rp-initiated-logout-no-state", func(s *suite) error { return s.logsOut() }},
	{"rp-initiated-logout-bad-post-logout-redirect-uri", func(s *suite) error {
		return s.staysHere("post_logout_redirect_uri", "https://evil.example/after", "state", "x")
	}},
	{"rp-initiated-logout-query-added-to-post-logout-redirect-uri", func(s *suite) error {
		return s.staysHere("post_logout_redirect_uri", s.afterLogout+"?extra=foobar", "state", "x")
	}},
	{"rp-initiated-logout-modified-id-token-hint", func(s *suite) error {
		return s.hinted(func(out tokens) string { return unsigned(out.claims) })
	}},
	{"rp-initiated-logout-bad-id-token-hint", func(s *suite) error {
		return s.hinted(func(out tokens) string { return withoutSignature(out.IDToken) })
	}},
	{"rp-initiated-logout-no-id-token-hint", func(s *suite) error {
		return s.hinted(func(tokens) string { return "" })
	}},
	{"rp-initiated-logout-no-params", func(s *suite) error { return s.shown(url.Values{}) }},
	{"rp-initiated-logout-no-post-logout-redirect-uri", func(s *suite) error {
		return s.staysHere("post_logout_redirect_uri", "")
	}},
	{"rp-initiated-logout-only-state", func(s *suite) error { return s.shown(url.Values{"state": {unguessable()}}) }},
}

// logout builds a logout request of the first client; pairs replace what it says, an empty value takes it out.
func (s *suite) logout(hint string, pairs ...string) url.Values {
	v := url.Values{"id_token_hint": {hint}, "post_logout_redirect_uri": {s.afterLogout}}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	if hint == "" {
		v.Del("id_token_hint")
	}
	return v
}

// leave sends the browser to log out, and confirms if the provider asks.
func (s *suite) leave(request url.Values) landing {
	l := s.browser.open(s.endpoint("end_session_endpoint") + "?" + request.Encode())
	for range 2 {
		if l.client {
			return l
		}
		i := slices.IndexFunc(formsIn(l.body), func(f form) bool { return f.method == "post" || f.method == "POST" })
		if i < 0 {
			return l
		}
		f := formsIn(l.body)[i]
		action, err := l.at.Parse(f.action)
		stop(err)
		l = s.browser.post(action.String(), f.fields)
	}
	return l
}

// logsOut checks the whole way: back at the client with the state, and logged out.
func (s *suite) logsOut(pairs ...string) error {
	out, _, err := s.login(s.first)
	if err != nil {
		return err
	}
	request := s.logout(out.IDToken, pairs...)
	l := s.leave(request)
	if !l.client || l.fields.Get("state") != request.Get("state") || l.fields.Has("state") != request.Has("state") {
		return fmt.Errorf("the browser ended at %s with status %d", l.at, l.status)
	}
	return s.loggedOut()
}

// loggedOut checks that nobody is logged in any more.
func (s *suite) loggedOut() error {
	_, err := s.again(s.first, "prompt", "none")
	return refusedWith(err, "login_required", "interaction_required")
}

// staysHere checks that a logout does not lead to an address that was not registered.
func (s *suite) staysHere(pairs ...string) error {
	out, _, err := s.login(s.first)
	if err != nil {
		return err
	}
	return s.shown(s.logout(out.IDToken, pairs...))
}

// hinted checks that a logout which does not prove whose it is does not lead back to the client unasked.
func (s *suite) hinted(hint func(tokens) string) error {
	out, _, err := s.login(s.first)
	if err != nil {
		return err
	}
	request := s.logout(hint(out), "state", "x")
	if l := s.browser.open(s.endpoint("end_session_endpoint") + "?" + request.Encode()); l.client {
		return fmt.Errorf("the browser was sent back to %s", l.at)
	}
	return nil
}

// shown checks that a logout ends on a page of the provider's: an error, a question, or that it is done.
func (s *suite) shown(request url.Values) error {
	if l := s.browser.open(s.endpoint("end_session_endpoint") + "?" + request.Encode()); l.client || l.status >= 500 || l.body == "" {
		return fmt.Errorf("status %d at %s", l.status, l.at)
	}
	return nil
}

// backChannel is the Back-Channel Logout OP plan.
var backChannel = []module{
	{"backchannel-rp-initiated-logout-discovery-endpoint-verification", func(s *suite) error {
		if s.document["backchannel_logout_supported"] != true || s.document["backchannel_logout_session_supported"] != true {
			return fmt.Errorf("backchannel_logout_supported %v, _session_supported %v",
				s.document["backchannel_logout_supported"], s.document["backchannel_logout_session_supported"])
		}
		return nil
	}},
	{"backchannel-rp-initiated-logout", func(s *suite) error {
		out, _, err := s.login(s.first)
		if err != nil {
			return err
		}
		if l := s.leave(s.logout(out.IDToken, "state", "x")); !l.client {
			return fmt.Errorf("the browser ended at %s", l.at)
		}
		token, err := s.awaitLogoutToken(out)
		if err != nil {
			return err
		}
		if err := s.checkLogoutToken(token, out); err != nil {
			return err
		}
		return s.loggedOut()
	}},
}

// awaitLogoutToken returns the token for a login; those of other modules arrive beside it.
func (s *suite) awaitLogoutToken(login tokens) (string, error) {
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		for _, raw := range s.logoutTokens() {
			claims, err := s.verify(raw)
			if err != nil {
				return "", err
			}
			if login.claims["sid"] == nil || claims["sid"] == login.claims["sid"] {
				return raw, nil
			}
		}
	}
	return "", errors.New("no logout token arrived within 20 s")
}

// checkLogoutToken: OpenID Connect Back-Channel Logout 1.0 §2.6.
func (s *suite) checkLogoutToken(raw string, login tokens) error {
	claims, err := s.verify(raw)
	if err != nil {
		return err
	}
	events, _ := claims["events"].(map[string]any)
	event, named := events["http://schemas.openid.net/event/backchannel-logout"].(map[string]any)
	_, nonce := claims["nonce"]
	switch {
	case claims["iss"] != s.issuer || !audience(claims, s.first.id):
		return fmt.Errorf("iss %v, aud %v", claims["iss"], claims["aud"])
	case claims["iat"] == nil || claims["jti"] == nil || claims["jti"] == "":
		return fmt.Errorf("iat %v, jti %v", claims["iat"], claims["jti"])
	case len(events) != 1 || !named || len(event) != 0:
		return fmt.Errorf("events %v", claims["events"])
	case nonce:
		return errors.New("a logout token has a nonce")
	case claims["sub"] == nil && claims["sid"] == nil:
		return errors.New("neither sub nor sid")
	case claims["sub"] != nil && claims["sub"] != login.claims["sub"], claims["sid"] != nil && claims["sid"] != login.claims["sid"]:
		return fmt.Errorf("sub %v and sid %v are not those of the ID token", claims["sub"], claims["sid"])
	}
	return nil
}
