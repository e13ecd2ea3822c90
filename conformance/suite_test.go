package conformance

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
)

// client is a registration the plans ask for.
type client struct {
	id, secret string
	inForm     bool // client_secret_post
}

// target is a provider under test.
type target struct {
	issuer       string
	first        client // client_secret_basic, without PKCE as most modules of the Basic plan send none
	second       client // of the same kind
	inForm       client // client_secret_post
	redirect     string
	afterLogout  string            // registered post_logout_redirect_uri
	typed        map[string]string // what a person enters, by the names of fields
	parameters   url.Values        // sent with every authorization request
	scopeRefresh string            // what a client sends to get a refresh token
	wait         func(time.Duration)
	rest         func()          // before each module, where a provider counts logins from one address; nil: no need
	logoutTokens func() []string // back-channel logout tokens that have arrived; nil where there is no such channel
}

// module is one module of a plan. It reports what is wrong; nil is a pass.
type module struct {
	name string
	run  func(*suite) error
}

// suite is one run of one module.
type suite struct {
	*testing.T
	target
	mode     string // response_mode; empty: query
	document map[string]any
	browser  *browser
}

// skipped is the answer of a module that has nothing to look at.
type skipped string

func (s skipped) Error() string { return string(s) }

// begin gives a module its own browser.
func begin(t *testing.T, tg target, mode string) *suite {
	s := &suite{T: t, target: tg, mode: mode}
	s.browser = newBrowser(tg.redirect, tg.afterLogout)
	if tg.rest != nil {
		tg.rest()
	}
	stop(s.getJSON(tg.issuer+"/.well-known/openid-configuration", &s.document))
	return s
}

func (s *suite) getJSON(link string, into any) error {
	answer, err := http.Get(link)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	kind, _, _ := mime.ParseMediaType(answer.Header.Get("Content-Type"))
	if answer.StatusCode != http.StatusOK || kind != "application/json" && kind != "application/jwk-set+json" { // RFC 7517 §8.5.2
		return fmt.Errorf("%s: status %d, %s", link, answer.StatusCode, answer.Header.Get("Content-Type"))
	}
	return json.NewDecoder(answer.Body).Decode(into)
}

// endpoint is an address out of discovery.
func (s *suite) endpoint(name string) string { text, _ := s.document[name].(string); return text }

// lists reports whether a list of discovery names a value.
func (s *suite) lists(name, value string) bool {
	all, _ := s.document[name].([]any)
	return slices.Contains(all, any(value))
}

// request builds an authorization request; pairs replace what it says, an empty value takes it out.
func (s *suite) request(c client, pairs ...string) url.Values {
	v := url.Values{
		"client_id": {c.id}, "redirect_uri": {s.redirect}, "response_type": {"code"}, "scope": {"openid"},
		"state": {unguessable()}, "nonce": {unguessable()},
	}
	for name, values := range s.parameters {
		v[name] = values
	}
	if s.mode != "" {
		v.Set("response_mode", s.mode)
	}
	for i := 0; i+1 < len(pairs); i += 2 {
		v.Set(pairs[i], pairs[i+1])
		if pairs[i+1] == "" {
			v.Del(pairs[i])
		}
	}
	return v
}

func unguessable() string {
	b := make([]byte, 24)
	rand.Read(b)
	return base64.RawURLEncoding.EncodeToString(b)
}

// authorize sends the browser with a request and lets the person log in if they are asked to.
func (s *suite) authorize(request url.Values) landing {
	return s.browser.finish(s.ask(request), s.typed)
}

// ask sends the browser with a request, and nobody answers.
func (s *suite) ask(request url.Values) landing {
	return s.browser.open(s.endpoint("authorization_endpoint") + "?" + request.Encode())
}

// answered checks that a client was answered as it asked, and returns the code.
func (s *suite) answered(l landing, request url.Values) (code string, err error) {
	switch {
	case !l.client:
		return "", fmt.Errorf("the browser ended at %s with status %d instead of at the client: %.200s", l.at, l.status, text(l.body))
	case l.posted != (s.mode == "form_post"):
		return "", fmt.Errorf("the answer came by the wrong response mode (posted: %v)", l.posted)
	case l.posted && l.at.RawQuery != "":
		return "", fmt.Errorf("form_post left parameters in the URL: %s", l.at.RawQuery)
	case l.fields.Get("state") != request.Get("state"):
		return "", fmt.Errorf("state is %q, not %q", l.fields.Get("state"), request.Get("state"))
	case l.fields.Get("error") != "":
		return "", refusal(l.fields.Get("error"))
	case l.fields.Has("iss") && l.fields.Get("iss") != s.issuer:
		return "", fmt.Errorf("iss is %q", l.fields.Get("iss"))
	case l.fields.Get("code") == "":
		return "", errors.New("there is no code")
	}
	return l.fields.Get("code"), nil
}

func text(page string) string { return strings.Join(strings.Fields(page), " ") }

// refusal is an error code that a client got.
type refusal string

func (r refusal) Error() string { return "refused: " + string(r) }

// refusedWith reports anything but one of the codes.
func refusedWith(err error, codes ...string) error {
	var code refusal
	if errors.As(err, &code) && slices.Contains(codes, string(code)) {
		return nil
	}
	return fmt.Errorf("got %v, want one of %v", err, codes)
}

// refusedByPage reports anything but an error page of the provider's.
func refusedByPage(l landing) error {
	if l.client || l.status < 400 || l.status >= 500 {
		return fmt.Errorf("status %d at %s", l.status, l.at)
	}
	return nil
}

// tokens is a token response.
type tokens struct {
	AccessToken  string `json:"access_token"`
	TokenType    string `json:"token_type"`
	IDToken      string `json:"id_token"`
	RefreshToken string `json:"refresh_token"`
	ExpiresIn    int    `json:"expires_in"`
	Error        string `json:"error"`
	status       int
	header       http.Header
	claims       map[string]any
}

// token calls the token endpoint as a client does.
func (s *suite) token(c client, fields url.Values) (out tokens, err error) {
	if c.inForm {
		fields.Set("client_id", c.id)
		fields.Set("client_secret", c.secret)
	}
	r, err := http.NewRequest(http.MethodPost, s.endpoint("token_endpoint"), strings.NewReader(fields.Encode()))
	if err != nil {
		return out, err
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	if !c.inForm {
		r.SetBasicAuth(url.QueryEscape(c.id), url.QueryEscape(c.secret))
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return out, err
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		return out, err
	}
	if err := json.Unmarshal(body, &out); err != nil {
		return out, fmt.Errorf("the token endpoint answered %d with no JSON: %.200s", answer.StatusCode, body)
	}
	out.status, out.header = answer.StatusCode, answer.Header
	if out.Error != "" {
		if out.status != http.StatusBadRequest && out.status != http.StatusUnauthorized {
			return out, fmt.Errorf("%s came with status %d", out.Error, out.status)
		}
		return out, refusal(out.Error)
	}
	return out, nil
}

// exchange redeems a code and checks the answer.
func (s *suite) exchange(c client, code string, request url.Values, more ...string) (tokens, error) {
	fields := url.Values{"grant_type": {"authorization_code"}, "code": {code}, "redirect_uri": {request.Get("redirect_uri")}}
	for i := 0; i+1 < len(more); i += 2 {
		fields.Set(more[i], more[i+1])
	}
	out, err := s.token(c, fields)
	if err != nil {
		return out, err
	}
	if err := s.checkTokens(out); err != nil {
		return out, err
	}
	out.claims, err = s.verifyID(out.IDToken, c, request.Get("nonce"))
	return out, err
}

// checkTokens: RFC 6749 §5.1 and the suite's own look at entropy.
func (s *suite) checkTokens(out tokens) error {
	switch {
	case !strings.EqualFold(out.TokenType, "Bearer"):
		return fmt.Errorf("token_type is %q", out.TokenType)
	case out.AccessToken == "" || entropy(out.AccessToken) < 96:
		return errors.New("the access token can be guessed")
	case !strings.HasPrefix(out.header.Get("Content-Type"), "application/json"):
		return fmt.Errorf("the token response is %s", out.header.Get("Content-Type"))
	case out.ExpiresIn <= 0:
		return errors.New("expires_in is missing")
	}
	return nil
}

// notCached: RFC 6749 §5.1. Looked at by two modules, so that a provider that misses it is judged by the others all the same.
func (out tokens) notCached() error {
	if !strings.Contains(out.header.Get("Cache-Control"), "no-store") {
		return errors.New("the token response may be cached")
	}
	return nil
}

// entropy is Shannon's, in bits over the whole text.
func entropy(secret string) float64 {
	counts, bits := map[rune]int{}, 0.0
	for _, r := range secret {
		counts[r]++
	}
	for _, n := range counts {
		p := float64(n) / float64(len(secret))
		bits -= p * math.Log2(p)
	}
	return bits * float64(len(secret))
}

// login is the whole happy way: request, person, code, tokens.
func (s *suite) login(c client, pairs ...string) (out tokens, request url.Values, err error) {
	request = s.request(c, pairs...)
	code, err := s.answered(s.authorize(request), request)
	if err != nil {
		return out, request, err
	}
	if len(code) < 22 || entropy(code) <= 96 {
		return out, request, fmt.Errorf("the code %q can be guessed", code)
	}
	out, err = s.exchange(c, code, request)
	return out, request, err
}

// again asks once more in the same browser; nobody is there to log in.
func (s *suite) again(c client, pairs ...string) (tokens, error) {
	request := s.request(c, pairs...)
	code, err := s.answered(s.ask(request), request)
	if err != nil {
		return tokens{}, err
	}
	return s.exchange(c, code, request)
}

// userinfo calls the userinfo endpoint in one of three ways.
func (s *suite) userinfo(how, access string) (claims map[string]any, status int, err error) {
	method, body := http.MethodPost, ""
	if how == "get" {
		method = http.MethodGet
	}
	if how == "post-body" {
		body = url.Values{"access_token": {access}}.Encode()
	}
	r, err := http.NewRequest(method, s.endpoint("userinfo_endpoint"), strings.NewReader(body))
	if err != nil {
		return nil, 0, err
	}
	if how == "post-body" {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	} else {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, 0, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, answer.StatusCode, nil
	}
	return claims, answer.StatusCode, json.NewDecoder(answer.Body).Decode(&claims)
}

// challenge is the S256 challenge of a verifier (RFC 7636 §4.2).
func challenge(verifier string) string {
	sum := sha256.Sum256([]byte(verifier))
	return base64.RawURLEncoding.EncodeToString(sum[:])
}
