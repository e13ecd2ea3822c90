package conformance

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// basic is the Basic OP plan. The Form Post plan is the same with response_mode=form_post.
var basic = []module{
	{"server", func(s *suite) error {
		out, _, err := s.login(s.first)
		if err != nil {
			return err
		}
		if hash := out.claims["at_hash"]; hash != nil && header(out.IDToken).Algorithm != "EdDSA" && hash != halfHash(out.AccessToken) {
			return fmt.Errorf("at_hash is %v", hash)
		}
		return out.notCached()
	}},
	{"response-type-missing", func(s *suite) error {
		request := s.request(s.first, "response_type", "")
		l := s.ask(request)
		if !l.client {
			return refusedByPage(l)
		}
		_, err := s.answered(l, request)
		return refusedWith(err, "invalid_request", "unsupported_response_type")
	}},
	{"idtoken-signature", func(s *suite) error {
		out, _, err := s.login(s.first)
		if h := header(out.IDToken); err == nil && (h.Algorithm != "RS256" || h.KeyID == "") {
			return fmt.Errorf("the ID token is signed with %s, kid %q", h.Algorithm, h.KeyID)
		}
		return err
	}},
	{"idtoken-unsigned", func(s *suite) error {
		if !s.lists("id_token_signing_alg_values_supported", "none") {
			return skipped("alg none is not offered")
		}
		return errors.New("alg none is offered")
	}},
	{"userinfo-get", func(s *suite) error { return s.agrees("get") }},
	{"userinfo-post-header", func(s *suite) error { return s.agrees("post-header") }},
	{"userinfo-post-body", func(s *suite) error { return s.agrees("post-body") }},
	{"ensure-request-without-nonce-succeeds-for-code-flow", func(s *suite) error {
		_, _, err := s.login(s.first, "nonce", "")
		return err
	}},
	{"scope-profile", func(s *suite) error { return s.scope("profile", "name") }},
	{"scope-email", func(s *suite) error { return s.scope("email", "email", "email_verified") }},
	{"scope-address", func(s *suite) error { return s.scope("address", "address") }},
	{"scope-phone", func(s *suite) error { return s.scope("phone", "phone_number") }},
	{"scope-all", func(s *suite) error {
		var all []string
		for _, scope := range []string{"profile", "email", "address", "phone"} {
			if s.lists("scopes_supported", scope) {
				all = append(all, scope)
			}
		}
		_, _, err := s.login(s.first, "scope", "openid "+strings.Join(all, " "))
		return err
	}},
	{"alternate-happy-flow", func(s *suite) error {
		// The same in another order: of the parameters, and of the scopes.
		request := s.request(s.first, "scope", "email openid")
		var parts []string
		for _, name := range []string{"scope", "nonce", "state", "response_mode", "redirect_uri", "response_type", "client_id"} {
			if request.Has(name) {
				parts = append(parts, name+"="+url.QueryEscape(request.Get(name)))
			}
		}
		for name := range s.parameters {
			parts = append(parts, name+"="+url.QueryEscape(s.parameters.Get(name)))
		}
		l := s.browser.finish(s.browser.open(s.endpoint("authorization_endpoint")+"?"+strings.Join(parts, "&")), s.typed)
		code, err := s.answered(l, request)
		if err == nil {
			_, err = s.exchange(s.first, code, request)
		}
		return err
	}},
	{"display-page", func(s *suite) error { _, _, err := s.login(s.first, "display", "page"); return err }},
	{"display-popup", func(s *suite) error { _, _, err := s.login(s.first, "display", "popup"); return err }},
	{"ui-locales", func(s *suite) error { _, _, err := s.login(s.first, "ui_locales", "se de-DE en"); return err }},
	{"claims-locales", func(s *suite) error { _, _, err := s.login(s.first, "claims_locales", "se"); return err }},
	{"login-hint", func(s *suite) error { _, _, err := s.login(s.first, "login_hint", "somebody@example.com"); return err }},
	{"prompt-login", func(s *suite) error {
		return s.relogin("prompt", "login")
	}},
	{"prompt-none-not-logged-in", func(s *suite) error {
		_, err := s.again(s.first, "prompt", "none")
		return refusedWith(err, "login_required", "interaction_required", "account_selection_required", "consent_required")
	}},
	{"prompt-none-logged-in", func(s *suite) error { return s.same("prompt", "none") }},
	{"max-age-1", func(s *suite) error { return s.relogin("max_age", "1") }},
	{"max-age-10000", func(s *suite) error { return s.same("max_age", "10000") }},
	{"ensure-request-with-unknown-parameter-succeeds", func(s *suite) error {
		_, _, err := s.login(s.first, "extra", "foobar")
		return err
	}},
	{"id-token-hint", func(s *suite) error {
		first, _, err := s.login(s.first)
		if err != nil {
			return err
		}
		second, err := s.again(s.first, "prompt", "none", "id_token_hint", first.IDToken)
		if err == nil && second.claims["sub"] != first.claims["sub"] {
			err = fmt.Errorf("sub is %v, not %v", second.claims["sub"], first.claims["sub"])
		}
		return err
	}},
	{"ensure-request-with-acr-values-succeeds", func(s *suite) error {
		offered, _ := s.document["acr_values_supported"].([]any)
		if len(offered) == 0 {
			offered = []any{"1", "2"}
		}
		_, _, err := s.login(s.first, "acr_values", fmt.Sprint(offered[0]))
		return err
	}},
	{"codereuse", func(s *suite) error { return s.reuse(0) }},
	{"codereuse-30seconds", func(s *suite) error { return s.reuse(30 * time.Second) }},
	{"ensure-registered-redirect-uri", func(s *suite) error {
		return refusedByPage(s.ask(s.request(s.first, "redirect_uri", s.redirect+"/"+unguessable())))
	}},
	{"ensure-post-request-succeeds", func(s *suite) error {
		request := s.request(s.first)
		code, err := s.answered(s.browser.finish(s.browser.post(s.endpoint("authorization_endpoint"), request), s.typed), request)
		if err == nil {
			_, err = s.exchange(s.first, code, request)
		}
		return err
	}},
	{"server-client-secret-post", func(s *suite) error { _, _, err := s.login(s.inForm); return err }},
	{"request-uri-unsigned-supported-correctly-or-rejected-as-unsupported", func(s *suite) error {
		return s.objectRefused("request_uri", "https://client.example.com/request-object", "request_uri_not_supported", "invalid_request")
	}},
	{"unsigned-request-object-supported-correctly-or-rejected-as-unsupported", func(s *suite) error {
		return s.objectRefused("request", unsigned(map[string]any{"state": "x"}), "request_not_supported")
	}},
	{"ensure-request-object-with-redirect-uri", func(s *suite) error {
		if s.document["request_parameter_supported"] != true {
			return skipped("request objects are not offered")
		}
		return errors.New("request objects are offered and no module looks at them")
	}},
	{"claims-essential", func(s *suite) error {
		claims, _ := json.Marshal(map[string]any{"userinfo": map[string]any{"name": map[string]any{"essential": true}}})
		out, _, err := s.login(s.first, "claims", string(claims))
		if err != nil {
			return err
		}
		got, status, err := s.userinfo("get", out.AccessToken)
		if err == nil && got["name"] == nil {
			s.Logf("warning: name was essential and is missing (status %d)", status)
		}
		return err
	}},
	{"refresh-token", func(s *suite) error { return s.refresh() }},
	{"ensure-request-with-valid-pkce-succeeds", func(s *suite) error {
		verifier := unguessable() + unguessable()
		request := s.request(s.first, "code_challenge", challenge(verifier), "code_challenge_method", "S256")
		code, err := s.answered(s.authorize(request), request)
		if err == nil {
			_, err = s.exchange(s.first, code, request, "code_verifier", verifier)
		}
		return err
	}},
}

// agrees checks that userinfo is about whom the ID token is about.
func (s *suite) agrees(how string) error {
	out, _, err := s.login(s.first)
	if err != nil {
		return err
	}
	claims, status, err := s.userinfo(how, out.AccessToken)
	if err == nil && status != http.StatusOK && how == "post-body" {
		s.Logf("warning: userinfo takes no token in the body: %d", status) // the suite warns as well
		return nil
	}
	if err == nil && (claims == nil || claims["sub"] != out.claims["sub"]) {
		err = fmt.Errorf("status %d, sub %v, not %v", status, claims["sub"], out.claims["sub"])
	}
	return err
}

// scope checks that a scope brings its claims, where it is offered, and does no harm where it is not.
func (s *suite) scope(scope string, claims ...string) error {
	if !s.lists("scopes_supported", scope) {
		return skipped("the scope is not offered")
	}
	out, _, err := s.login(s.first, "scope", "openid "+scope)
	if err != nil {
		return err
	}
	got, status, err := s.userinfo("get", out.AccessToken)
	if err != nil || status != http.StatusOK {
		return errors.Join(err, fmt.Errorf("userinfo answers %d", status))
	}
	for _, claim := range claims {
		if got[claim] == nil {
			return fmt.Errorf("userinfo has no %s", claim)
		}
	}
	return nil
}

// relogin checks that what is asked for makes a person log in a second time, later.
func (s *suite) relogin(name, value string) error {
	first, _, err := s.login(s.first, "max_age", "15000")
	if err != nil {
		return err
	}
	s.wait(2 * time.Second)
	request := s.request(s.first, name, value)
	if l := s.ask(request); l.client {
		return fmt.Errorf("nobody was asked to log in: %v", l.fields)
	}
	request = s.request(s.first, name, value)
	code, err := s.answered(s.authorize(request), request)
	if err != nil {
		return err
	}
	second, err := s.exchange(s.first, code, request)
	if err != nil {
		return err
	}
	before, _ := first.claims["auth_time"].(float64)
	after, present := second.claims["auth_time"].(float64)
	if name == "max_age" && !present {
		return errors.New("auth_time is missing though max_age was sent")
	}
	if present && after <= before || first.claims["sub"] != second.claims["sub"] {
		return fmt.Errorf("auth_time went from %v to %v, sub from %v to %v", before, after, first.claims["sub"], second.claims["sub"])
	}
	return nil
}

// same checks that what is asked for leaves a person in peace who has just logged in.
func (s *suite) same(name, value string) error {
	first, _, err := s.login(s.first, "max_age", "15000")
	if err != nil {
		return err
	}
	s.wait(2 * time.Second)
	second, err := s.again(s.first, name, value, "max_age", "15000")
	if name == "max_age" {
		second, err = s.again(s.first, name, value)
	}
	if err != nil {
		return err
	}
	if second.claims["sub"] != first.claims["sub"] || second.claims["auth_time"] == nil || second.claims["auth_time"] != first.claims["auth_time"] {
		return fmt.Errorf("auth_time went from %v to %v, sub from %v to %v", first.claims["auth_time"], second.claims["auth_time"], first.claims["sub"], second.claims["sub"])
	}
	return nil
}

// reuse redeems a code a second time.
func (s *suite) reuse(after time.Duration) error {
	request := s.request(s.first)
	code, err := s.answered(s.authorize(request), request)
	if err != nil {
		return err
	}
	out, err := s.exchange(s.first, code, request)
	if err != nil {
		return err
	}
	s.wait(after)
	_, err = s.exchange(s.first, code, request)
	if err := refusedWith(err, "invalid_grant"); err != nil {
		return err
	}
	if _, status, err := s.userinfo("get", out.AccessToken); err != nil || status == http.StatusOK {
		s.Logf("warning: the access token of a code that was used twice lives on (%v)", err) // RFC 6749 §4.1.2: SHOULD
	}
	return nil
}

// objectRefused checks that a way to send a request that is not offered is refused by name, never ignored.
func (s *suite) objectRefused(name, value string, codes ...string) error {
	if s.document[name+"_parameter_supported"] == true {
		return skipped("it is offered; the module for that is not written")
	}
	request := s.request(s.first, name, value)
	l := s.ask(request)
	if !l.client {
		return refusedByPage(l)
	}
	_, err := s.answered(l, request)
	return refusedWith(err, codes...)
}

// refresh checks that a refresh token works, and for the client alone that it was given to.
func (s *suite) refresh() error {
	pairs := []string{"scope", "openid " + s.scopeRefresh}
	if s.scopeRefresh != "" {
		pairs = append(pairs, "prompt", "consent")
	}
	out, _, err := s.login(s.first, pairs...)
	if err != nil {
		return err
	}
	if out.RefreshToken == "" {
		return skipped("there is no refresh token")
	}
	if entropy(out.RefreshToken) < 96 {
		return errors.New("the refresh token can be guessed")
	}
	fields := url.Values{"grant_type": {"refresh_token"}, "refresh_token": {out.RefreshToken}}
	_, err = s.token(s.second, fields)
	if err := refusedWith(err, "invalid_grant"); err != nil {
		return fmt.Errorf("with another client: %w", err)
	}
	next, err := s.token(s.first, fields)
	if err != nil {
		return err
	}
	if err := errors.Join(s.checkTokens(next), next.notCached()); err != nil || next.IDToken == "" {
		return err
	}
	claims, err := s.verify(next.IDToken)
	if err == nil && (claims["sub"] != out.claims["sub"] || claims["iss"] != s.issuer || !audience(claims, s.first.id)) {
		err = fmt.Errorf("the refreshed ID token is about %v", claims)
	}
	return err
}

// withoutSignature is a token whose signature somebody else made.
func withoutSignature(raw string) string {
	parts := strings.Split(raw, ".")
	if len(parts) != 3 {
		return raw
	}
	forged := make([]byte, 256)
	return parts[0] + "." + parts[1] + "." + base64.RawURLEncoding.EncodeToString(forged)
}
