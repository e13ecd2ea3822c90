package bench

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"golang.org/x/oauth2"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// wire is how all measurements talk to the server: connections are kept, redirects are not followed.
var wire = &http.Client{
	Transport:     &http.Transport{MaxIdleConnsPerHost: 512, DisableCompression: true},
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	Timeout:       30 * time.Second,
}

// answer is a response that was read to its end.
type answer struct {
	*http.Response
	body []byte
}

func send(r *http.Request) (answer, error) {
	response, err := wire.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	return answer{response, body}, err
}

func (a answer) expect(status int) error {
	if a.StatusCode != status {
		return fmt.Errorf("%s %s answered %d: %.300s", a.Request.Method, a.Request.URL, a.StatusCode, a.body)
	}
	return nil
}

// request is what a measurement sends, so that the bare handler can be sent the same.
type request struct {
	path   string
	form   url.Values // nil: a GET
	basic  bool       // the client cms proves itself
	bearer string
}

func (q request) to(base string) *http.Request {
	r, err := http.NewRequest(http.MethodGet, base+q.path, nil)
	if q.form != nil {
		r, err = http.NewRequest(http.MethodPost, base+q.path, strings.NewReader(q.form.Encode()))
	}
	if err != nil {
		panic(err)
	}
	if q.form != nil {
		r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	if q.basic {
		r.SetBasicAuth("cms", clientSecret)
	}
	if q.bearer != "" {
		r.Header.Set("Authorization", "Bearer "+q.bearer)
	}
	return r
}

// do sends the request and expects 200.
func (q request) do(base string) (answer, error) {
	a, err := send(q.to(base))
	if err == nil {
		err = a.expect(http.StatusOK)
	}
	return a, err
}

// teach makes the bare handler answer what a was answered.
func (c *child) teach(a answer) error {
	r, err := http.NewRequest(http.MethodPost, c.Control+"/bare", bytes.NewReader(a.body))
	if err != nil {
		return err
	}
	r.Header.Set("Content-Type", a.Header.Get("Content-Type"))
	learned, err := send(r)
	if err == nil {
		err = learned.expect(http.StatusOK)
	}
	return err
}

// tokens is the answer of the token endpoint.
type tokens struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	ID      string `json:"id_token"`
}

func tokensOf(a answer, err error) (t tokens, _ error) {
	if err == nil {
		err = json.Unmarshal(a.body, &t)
	}
	return t, err
}

var errNoIDToken = errors.New("the login gave no ID token")

// errTurnedAway is a 503 that says when to come back.
var errTurnedAway = errors.New("503 with Retry-After")

// visitor is a browser without a screen, used for one login after another.
type visitor struct {
	base    string
	cookies map[string]string
	address string // where it says it comes from
}

func newVisitor(base string) *visitor {
	return &visitor{base, map[string]string{}, fmt.Sprintf("10.%d.%d.%d", rand.IntN(256), rand.IntN(256), rand.IntN(256))}
}

// open goes to a page, or posts a form there, and follows redirects as far as they stay on the server.
func (v *visitor) open(page string, form url.Values) (answer, error) {
	for {
		r := request{path: page, form: form}.to(v.base)
		r.Header.Set("X-Forwarded-For", v.address)
		if form != nil {
			r.Header.Set("Origin", v.base)
			r.Header.Set("Sec-Fetch-Site", "same-origin")
		}
		for name, value := range v.cookies {
			r.AddCookie(&http.Cookie{Name: name, Value: value})
		}
		a, err := send(r)
		if err != nil {
			return a, err
		}
		for _, c := range a.Cookies() {
			v.cookies[c.Name] = c.Value
		}
		if a.StatusCode == http.StatusServiceUnavailable && a.Header.Get("Retry-After") != "" {
			return a, errTurnedAway
		}
		to := a.Header.Get("Location")
		if to == "" || strings.HasPrefix(to, redirectURI) {
			return a, nil
		}
		page, form = strings.TrimPrefix(to, v.base), nil
	}
}

// login is an authorization request of a client and what redeems its code.
type login struct {
	client, account, verifier, code string
}

// begin asks for a login; the answer is the login page, or the code when nothing is left to ask.
func (v *visitor) begin(client, account string) (*login, answer, error) {
	l := &login{client: client, account: account, verifier: oauth2.GenerateVerifier()}
	a, err := v.open("/authorize?"+url.Values{
		"response_type": {"code"}, "client_id": {client}, "redirect_uri": {redirectURI}, "scope": {"openid email"},
		"state": {identity.NewSecret()}, "nonce": {identity.NewSecret()}, "account": {account},
		"code_challenge": {oauth2.S256ChallengeFromVerifier(l.verifier)}, "code_challenge_method": {"S256"},
	}.Encode(), nil)
	return l, a, err
}

// finish takes the code off the redirect back to the client.
func (l *login) finish(a answer) error {
	to, err := url.Parse(a.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		return fmt.Errorf("the login of %s did not end: %d at %s: %.600s", l.client, a.StatusCode, a.Request.URL, a.body)
	}
	l.code = to.Query().Get("code")
	return nil
}

// exchange is the request that redeems the code.
func (l *login) exchange() request {
	form := url.Values{"grant_type": {"authorization_code"}, "code": {l.code}, "redirect_uri": {redirectURI}, "code_verifier": {l.verifier}}
	return asClient(l.client, form)
}

// asClient is a form posted to the token endpoint by a client, with proof if it has one.
func asClient(client string, form url.Values) request {
	if client == "app" {
		form.Set("client_id", client)
	}
	return request{path: "/token", form: form, basic: client == "cms"}
}

func refreshOf(client, token string) request {
	return asClient(client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// logIn goes from the authorization request to the tokens: password, then code where the account
// asks for one.
func (v *visitor) logIn(p person, client, account string) (tokens, error) {
	l, page, err := v.begin(client, account)
	if err != nil {
		return tokens{}, err
	}
	there := page.Request.URL.RequestURI()
	page, err = v.open(there, url.Values{templates.FieldEmail: {p.email}, templates.FieldPassword: {password}})
	if err == nil && account == "acme" {
		page, err = v.open(there, url.Values{templates.FieldCode: {identity.TOTPCode(p.key, time.Now())}})
	}
	if err == nil {
		err = l.finish(page)
	}
	if err != nil {
		return tokens{}, err
	}
	return tokensOf(l.exchange().do(v.base))
}
