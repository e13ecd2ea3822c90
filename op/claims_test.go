package op_test

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/coreos/go-oidc/v3/oidc"
	"github.com/go-jose/go-jose/v4"
	"golang.org/x/oauth2"

	"github.com/vestibule-id/vestibule/identity"
)

// verifier checks ID tokens as a client would, knowing nothing but the issuer.
func (w *world) verifier(client string) *oidc.IDTokenVerifier {
	w.t.Helper()
	provider, err := oidc.NewProvider(w.t.Context(), w.url)
	w.check(err)
	algorithm := oidc.RS256
	if client == body {
		algorithm = oidc.ES256
	}
	return provider.VerifierContext(context.Background(), &oidc.Config{ClientID: client, Now: w.now, SupportedSigningAlgs: []string{algorithm}})
}

// idToken returns the verified claims of an answer's ID token.
func (w *world) idToken(client string, got told) (claims map[string]any) {
	w.t.Helper()
	token, err := w.verifier(client).Verify(w.t.Context(), got.text("id_token"))
	w.check(err)
	w.check(token.VerifyAccessToken(got.text("access_token")))
	w.check(token.Claims(&claims))
	return claims
}

func equalJSON(a, b any) (string, bool) {
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return string(x) + " and " + string(y), string(x) == string(y)
}

func names(claims map[string]any) string {
	var all []string
	for name := range claims {
		all = append(all, name)
	}
	slices.Sort(all)
	return strings.Join(all, " ")
}

func TestR59_TheIDTokenSaysWhoAndHow(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(basic, everything)
	claims := w.idToken(basic, got)
	if want := "account_id account_name acr amr at_hash aud auth_time azp exp iat iss nonce roles sid sub tenant"; names(claims) != want {
		t.Errorf("claims\n got %s\nwant %s", names(claims), want)
	}
	sid := ""
	for name, want := range map[string]any{
		"iss": w.url, "aud": basic, "azp": basic, "sub": w.ada.ID, "nonce": "a nonce", "acr": "urn:vestibule:acr:2fa",
		"amr": []string{"pwd", "otp", "mfa"}, "auth_time": start.Unix(), "iat": start.Unix(), "exp": start.Unix() + 300,
		"account_id": w.initech.ID, "tenant": w.initech.ID, "account_name": "Initech", "roles": []string{"admin"},
	} {
		if both, ok := equalJSON(claims[name], want); !ok {
			t.Errorf("%s: got and want %s", name, both)
		}
	}
	if sid, _ = claims["sid"].(string); sid == "" {
		t.Error("there is no sid")
	}
}

func TestR59_APasswordAloneIsOneFactor(t *testing.T) {
	w := newWorld(t)
	claims := w.idToken(basic, w.redeemed(basic, wish{scopes: []string{"openid"}, withoutCode: true}))
	if both, ok := equalJSON([]any{claims["acr"], claims["amr"]}, []any{"urn:vestibule:acr:1fa", []string{"pwd"}}); !ok {
		t.Errorf("got and want %s", both)
	}
}

func TestAClientThatNeverCallsUserinfoFindsEverythingInTheIDToken(t *testing.T) {
	w := newWorld(t)
	claims := w.idToken(body, w.redeemed(body, everything))
	for name, want := range map[string]any{
		"name": "Ada Park", "given_name": "Ada", "locale": "de-CH", "updated_at": start.Unix(),
		"email": "ada@example.com", "email_verified": true, "family_name": nil,
	} {
		if both, ok := equalJSON(claims[name], want); !ok {
			t.Errorf("%s: got and want %s", name, both)
		}
	}
	if _, empty := claims["family_name"]; empty {
		t.Error("an empty claim was not left out")
	}
	if claims := w.idToken(body, w.redeemed(body, wish{scopes: []string{"openid"}})); claims["email"] != nil || claims["name"] != nil {
		t.Errorf("claims nobody asked for: %s", names(claims))
	}
}

func TestClaimsAskedForByNameAreInTheIDToken(t *testing.T) {
	w := newWorld(t)
	claims := w.idToken(basic, w.redeemed(basic, wish{scopes: []string{"openid"}, claimsInID: []string{"email_verified", "given_name"}}))
	if claims["email_verified"] != true || claims["given_name"] != "Ada" || claims["email"] != nil || claims["name"] != nil {
		t.Errorf("claims %v", claims)
	}
}

func TestR53_ClaimsAskedForByNameAreAtUserinfo(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		got := w.redeemed(basic, wish{scopes: []string{"openid"}, inUserinfo: []string{"given_name"}})
		if info := w.userinfo(got.text("access_token")).claims; info["given_name"] != "Ada" || info["email"] != nil || info["name"] != nil {
			t.Errorf("userinfo says %v", info)
		}
		if claims := w.idToken(basic, got); claims["given_name"] != nil {
			t.Errorf("the ID token says %v", claims)
		}
	})
}

// Also Trap 9: the library loses acr on refresh and never sets sid.
func TestUserinfoAndIntrospectionAgreeWithTheIDToken(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		for _, client := range []string{basic, body} {
			got := w.redeemed(client, everything)
			id, info, said := w.idToken(client, got), w.userinfo(got.text("access_token")), w.introspect(client, got.text("access_token"))
			for _, claim := range []string{"sub", "account_id", "account_name", "tenant", "roles", "acr", "amr", "auth_time", "sid"} {
				for place, claims := range map[string]map[string]any{"userinfo": info.claims, "introspection": said.claims} {
					if both, ok := equalJSON(id[claim], claims[claim]); !ok || id[claim] == nil {
						t.Errorf("%s: %s in the ID token and in %s: %s", client, claim, place, both)
					}
				}
			}
			for name, want := range map[string]any{
				"email": "ada@example.com", "email_verified": true, "name": "Ada Park", "given_name": "Ada", "locale": "de-CH", "updated_at": start.Unix(),
			} {
				if both, ok := equalJSON(info.claims[name], want); !ok {
					t.Errorf("userinfo: %s: got and want %s", name, both)
				}
			}
			for name, want := range map[string]any{
				"active": true, "client_id": client, "token_type": "Bearer", "scope": "openid profile email", "username": "ada@example.com",
				"iss": w.url, "aud": w.url, "iat": start.Unix(), "exp": start.Unix() + 300,
			} {
				if both, ok := equalJSON(said.claims[name], want); !ok {
					t.Errorf("introspection: %s: got and want %s", name, both)
				}
			}
		}
	})
}

func TestR59_AReadableAccessTokenFollowsRFC9068(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(body, everything)
	var claims map[string]any
	token := got.text("access_token")
	header := w.verified(token, &claims)
	if header.ExtraHeaders["typ"] != "at+jwt" || header.Algorithm != "ES256" || header.KeyID == "" {
		t.Errorf("header %+v", header)
	}
	if want := "account_id account_name acr amr aud auth_time client_id exp iat iss jti roles scope sid sub tenant"; names(claims) != want {
		t.Errorf("claims\n got %s\nwant %s", names(claims), want)
	}
	id := w.idToken(body, got)
	for name, want := range map[string]any{
		"iss": w.url, "aud": w.url, "client_id": body, "sub": w.ada.ID, "scope": "openid profile email",
		"iat": start.Unix(), "exp": start.Unix() + 300, "acr": id["acr"], "amr": id["amr"], "auth_time": id["auth_time"], "sid": id["sid"],
	} {
		if both, ok := equalJSON(claims[name], want); !ok {
			t.Errorf("%s: got and want %s", name, both)
		}
	}
	// A jti is written into logs: as a token it is worth nothing.
	if got := w.userinfo(claims["jti"].(string)); got.status != 401 {
		t.Errorf("the jti passes as an access token: %d", got.status)
	}
}

// verified returns the header and the claims of a token, having checked its signature by the
// published keys.
func (w *world) verified(token string, claims any) jose.Header {
	w.t.Helper()
	signed, err := jose.ParseSignedCompact(token, []jose.SignatureAlgorithm{jose.RS256, jose.ES256})
	w.check(err)
	var keys jose.JSONWebKeySet
	w.check(json.Unmarshal([]byte(w.get("/keys").raw), &keys))
	found := keys.Key(signed.Signatures[0].Header.KeyID)
	if len(found) != 1 {
		w.t.Fatalf("%d published keys are called %q", len(found), signed.Signatures[0].Header.KeyID)
	}
	payload, err := signed.Verify(found[0])
	w.check(err)
	w.check(json.Unmarshal(payload, claims))
	return signed.Signatures[0].Header
}

// A client written by others needs no help: discovery, exchange with PKCE, verification, refresh, userinfo.
func TestAClientLibraryFindsItsWay(t *testing.T) {
	each(t, func(t *testing.T, w *world) {
		ctx := t.Context()
		provider, err := oidc.NewProvider(ctx, w.url)
		w.check(err)
		for _, client := range []string{basic, body, public} {
			config := oauth2.Config{ClientID: client, ClientSecret: secret, Endpoint: provider.Endpoint(), RedirectURL: returnTo}
			if client == public {
				config.ClientSecret = ""
			}
			l := w.login(client, everything)
			tokens, err := config.Exchange(ctx, l.code, oauth2.VerifierOption(l.verifier))
			w.check(err)
			raw, _ := tokens.Extra("id_token").(string)
			if _, err := w.verifier(client).Verify(ctx, raw); err != nil {
				t.Errorf("%s: %v", client, err)
			}
			renewed, err := config.TokenSource(ctx, &oauth2.Token{RefreshToken: tokens.RefreshToken}).Token()
			w.check(err)
			info, err := provider.UserInfo(ctx, oauth2.StaticTokenSource(renewed))
			w.check(err)
			if info.Subject != string(w.ada.ID) || info.Email != "ada@example.com" || !info.EmailVerified {
				t.Errorf("%s: userinfo %+v", client, info)
			}
		}
	})
}

func TestTheAccessTokenIsHashedIntoTheIDToken(t *testing.T) {
	w := newWorld(t)
	got := w.redeemed(basic, everything)
	sum := sha256.Sum256([]byte(got.text("access_token")))
	if want := base64.RawURLEncoding.EncodeToString(sum[:16]); w.idToken(basic, got)["at_hash"] != want {
		t.Errorf("at_hash is %v, want %s", w.idToken(basic, got)["at_hash"], want)
	}
	if _, err := w.db.AccessToken(t.Context(), identity.Digest(got.text("access_token"))); err == nil {
		t.Error("the access token is stored as it is")
	}
}
