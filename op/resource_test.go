package op_test

import (
	"net/url"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Two APIs: the clients basic and body may ask for tokens for both, and robot is the first of them.
const (
	reports = "https://reports.example/v1"
	files   = "https://files.example"
)

func (w *world) withAPIs() {
	w.t.Helper()
	for _, id := range []identity.ClientID{basic, body, robot} {
		w.change(id, func(c *identity.Client) {
			if c.Resources = []string{reports, files}; id == robot {
				c.Introspects = []string{reports}
			}
		})
	}
}

// change registers a client anew, and waits until everybody has noticed.
func (w *world) change(id identity.ClientID, how func(*identity.Client)) {
	w.t.Helper()
	w.write(func(tx *storage.Tx) error {
		c, err := tx.Client(w.t.Context(), id)
		w.check(err)
		how(&c)
		c = c.WithDefaults()
		w.check(c.Validate())
		return tx.SaveClient(w.t.Context(), c)
	})
	w.advance(6e9)
}

func TestR59_ATokenIsForTheResourceThatWasAskedFor(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withAPIs()
		for _, client := range []string{basic, body} {
			l := w.login(client, wish{scopes: []string{"openid"}, resource: reports})
			got := w.redeem(l)
			access := got.text("access_token")
			if said := w.introspect(client, access).claims; said["active"] != true || said["aud"] != reports {
				t.Errorf("%s: introspection says %v", client, said)
			}
			if said := w.introspect(robot, access).claims; said["active"] != true || said["aud"] != reports || said["client_id"] != client || said["sub"] == nil {
				t.Errorf("%s: the API is told %v", client, said)
			}
			refused(t, "the token at userinfo", w.userinfo(access), 401, "invalid_token")
			if client == body {
				verified, err := w.accessVerifier(reports).Verify(t.Context(), access)
				if err != nil || verified.Audience[0] != reports {
					t.Errorf("the JWT: %v, %v", verified, err)
				}
			}
			again := w.post("/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}})
			if said := w.introspect(robot, again.text("access_token")).claims; said["aud"] != reports {
				t.Errorf("%s: after a refresh the API is told %v", client, said)
			}
		}
	})
}

// accessVerifier checks JWT access tokens for an API.
func (w *world) accessVerifier(audience string) *oidc.IDTokenVerifier {
	w.t.Helper()
	provider, err := oidc.NewProvider(w.t.Context(), w.url)
	w.check(err)
	return provider.Verifier(&oidc.Config{ClientID: audience, Now: w.now, SupportedSigningAlgs: []string{oidc.ES256}})
}

func TestR67_AnAPISeesTheTokensMeantForIt(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		w.withAPIs()
		for resource, seen := range map[string]bool{reports: true, files: false, "": false} {
			got := w.redeemed(basic, wish{scopes: []string{"openid"}, resource: resource})
			if active := w.active(robot, got.text("access_token")); active != seen {
				t.Errorf("a token for %q: the API sees it: %t", resource, active)
			}
			if w.active(robot, got.text("refresh_token")) {
				t.Errorf("the API sees the refresh token of a login for %q", resource)
			}
		}
	})
}

func TestR60_ATokenIsAskedForWithinWhatTheClientIsRegisteredFor(t *testing.T) {
	w := newWorld(t)
	w.withAPIs()
	for _, row := range []struct {
		sentence       string
		granted, asked string
		aud, code      string
	}{
		{"the login names the resource, the exchange nothing", reports, "", reports, ""},
		{"both name the same", reports, reports, reports, ""},
		{"the exchange names another", reports, files, "", "invalid_target"},
		{"the exchange alone names one", "", files, files, ""},
		{"the exchange names one that is not registered", "", "https://evil.example", "", "invalid_target"},
		{"nobody names any", "", "", w.url, ""},
	} {
		l := w.login(basic, wish{scopes: []string{"openid"}, resource: row.granted})
		form := l.form()
		form.Set("resource", row.asked)
		got := w.post("/token", basic, form)
		if row.code != "" {
			refused(t, row.sentence, got, 400, row.code)
			continue
		}
		if aud := w.introspect(basic, got.text("access_token")).claims["aud"]; aud != row.aud {
			t.Errorf("%s: a token for %v, want %s", row.sentence, aud, row.aud)
		}
	}
	for resource, want := range map[string]string{reports: reports, "": w.url} {
		got := w.post("/token", robot, url.Values{"grant_type": {"client_credentials"}, "resource": {resource}})
		if aud := w.introspect(robot, got.text("access_token")).claims["aud"]; aud != want {
			t.Errorf("client_credentials for %q: a token for %v", resource, aud)
		}
	}
	refused(t, "client_credentials for a foreign resource",
		w.post("/token", robot, url.Values{"grant_type": {"client_credentials"}, "resource": {"https://evil.example"}}), 400, "invalid_target")
}

func TestAResourceIsNamedOnceAndRegistered(t *testing.T) {
	h := newHouse(t)
	b := h.browser()
	h.signIn(b, h.code(h.acme))
	if got := b.authorize(wanting("cms", "account", "acme", "resource", reports)).outcome(); got != "invalid_target" {
		t.Errorf("a resource that is not registered: %s", got)
	}
	twice := wanting("cms", "account", "acme", "resource", reports)
	twice.Add("resource", files)
	if got := b.authorize(twice).outcome(); got != "page 400" {
		t.Errorf("two resources: %s", got)
	}
	for _, uri := range []string{"reports", "/v1", "https://reports.example/#x", "https://reports.example/ x", ""} {
		c := identity.Client{ID: "c", Grants: []string{identity.GrantClientCredentials}, Resources: []string{uri}}.WithDefaults()
		if c.Validate() == nil {
			t.Errorf("resource %q can be registered", uri)
		}
	}
}

// TestPairwiseSubjectsTellClientsApart: the same person, two clients, two subjects – and each says the same
// everywhere, and is understood when it comes back.
func TestPairwiseSubjectsTellClientsApart(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		subjects := map[string]string{}
		for _, client := range []string{basic, body} {
			w.change(identity.ClientID(client), func(c *identity.Client) { c.SubjectType = identity.SubjectPairwise })
			got := w.redeemed(client, everything)
			access := got.text("access_token")
			sub, _ := w.idToken(client, got)["sub"].(string)
			if len(sub) != 43 || strings.ContainsAny(sub, ":") || sub == string(w.ada.ID) {
				t.Errorf("%s: sub is %q", client, sub)
			}
			if info, said := w.userinfo(access).claims["sub"], w.introspect(client, access).claims["sub"]; info != sub || said != sub {
				t.Errorf("%s: %q in the ID token, %v at userinfo, %v in introspection", client, sub, info, said)
			}
			again := w.post("/token", client, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {got.text("refresh_token")}})
			if after := w.idToken(client, again)["sub"]; after != sub {
				t.Errorf("%s: %q, and %v after a refresh", client, sub, after)
			}
			if later := w.idToken(client, w.redeemed(client, everything))["sub"]; later != sub {
				t.Errorf("%s: %q, and %v after another login", client, sub, later)
			}
			subjects[sub] = client
		}
		if len(subjects) != 2 {
			t.Errorf("the clients can compare: %v", subjects)
		}
	})
}

func TestAPairwiseSubjectIsUnderstoodAsAHint(t *testing.T) {
	eachHouse(t, func(t *testing.T, h *house) {
		var cms identity.Client
		h.write(func(tx *storage.Tx) (err error) {
			cms, err = tx.Client(t.Context(), "cms")
			cms.SubjectType = identity.SubjectPairwise
			cms = cms.WithDefaults()
			return firstError(err, tx.SaveClient(t.Context(), cms))
		})
		b := h.browser()
		h.signIn(b, h.code(h.acme))
		silent := func(pairs ...string) string {
			return b.authorize(wanting("cms", append(pairs, "account", "acme", "prompt", "none")...)).outcome()
		}
		if got := silent(); got != "code" {
			t.Fatalf("without a hint: %s", got)
		}
		claims := h.claims("cms", "")
		claims["sub"] = cms.Subject(h.ada.ID)
		if got := silent("id_token_hint", h.token(claims, "JWT")); got != "code" {
			t.Errorf("her own subject as a hint: %s", got)
		}
		if got := silent("claims", `{"id_token":{"sub":{"value":"`+cms.Subject(h.ada.ID)+`"}}}`); got != "code" {
			t.Errorf("her own subject as a claim: %s", got)
		}
		claims["sub"] = cms.Subject("somebody else")
		if got := silent("id_token_hint", h.token(claims, "JWT")); got != "login_required" {
			t.Errorf("another subject: %s", got)
		}
	})
}

func TestALogoutTokenNamesThePersonAsTheClientKnowsThem(t *testing.T) {
	h := newHouse(t)
	sink := newSink(t)
	p := h.listens("cms", sink.URL+"/logout")
	var cms identity.Client
	h.write(func(tx *storage.Tx) (err error) {
		cms, err = tx.Client(t.Context(), "cms")
		cms.SubjectType = identity.SubjectPairwise
		cms = cms.WithDefaults()
		return firstError(err, tx.SaveClient(t.Context(), cms))
	})
	h.leave()
	h.deliver(p, 1)
	provider, err := oidc.NewProvider(t.Context(), h.url)
	if err != nil {
		t.Fatal(err)
	}
	verified, err := provider.Verifier(&oidc.Config{ClientID: "cms", Now: h.now}).VerifyLogout(t.Context(), sink.told()[0])
	if err != nil || verified.Subject != cms.Subject(h.ada.ID) {
		t.Errorf("%+v, %v", verified, err)
	}
}

func TestBothMetadataDocumentsSayTheSame(t *testing.T) {
	h := newHouse(t)
	a, b := h.browser().get("/.well-known/openid-configuration"), h.browser().get("/.well-known/oauth-authorization-server")
	if a.body != b.body || b.StatusCode != 200 || b.Header.Get("Content-Type") != "application/json" {
		t.Errorf("%d %s", b.StatusCode, b.body)
	}
}
