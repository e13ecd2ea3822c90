package op

import (
	"context"
	"errors"
	"net/http"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	zitadel "github.com/zitadel/oidc/v3/pkg/op"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// deviceRules are those of authorizeRules that mean something where no browser is around.
var deviceRules = []func(*Provider, context.Context, *authorization) error{checkScope, checkResource, checkAccount}

// deviceAnswer is RFC 8628 §3.2.
type deviceAnswer struct {
	DeviceCode  string `json:"device_code"`
	UserCode    string `json:"user_code"`
	URI         string `json:"verification_uri"`
	URIComplete string `json:"verification_uri_complete"`
	ExpiresIn   int64  `json:"expires_in"`
	Interval    int64  `json:"interval"`
}

// authorizeDevice is the device authorization endpoint.
func (p *Provider) authorizeDevice(w http.ResponseWriter, r *http.Request) {
	answer, err := p.addDevice(r)
	if err != nil {
		p.refuseClient(w, r, schemeBasic, asRefusal(err))
		return
	}
	writeJSON(w, http.StatusOK, answer)
}

func (p *Provider) addDevice(r *http.Request) (deviceAnswer, error) {
	ctx := r.Context()
	client, err := p.clientOf(r)
	if err != nil {
		return deviceAnswer{}, err
	}
	if !client.Allows(identity.GrantDeviceCode) {
		return deviceAnswer{}, refuse(unauthorizedClient, "the client is not registered for "+identity.GrantDeviceCode)
	}
	a := &authorization{form: r.PostForm, client: client}
	for _, check := range deviceRules {
		if err := check(p, ctx, a); err != nil {
			return deviceAnswer{}, err
		}
	}
	d, deviceCode, userCode := identity.NewDeviceRequest(client.ID, p.now())
	wants := a.request.Wants
	d.Scopes, d.Resource, d.AccountName, d.AccountID = a.request.Scopes, a.request.Resource, wants.AccountName, wants.AccountID
	err = p.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.AddDeviceRequest(ctx, d) })
	if errors.Is(err, storage.ErrExists) { // somebody else waits with the same eight letters
		err = refuse(temporarilyUnavailable, "try again").because(err)
	}
	return deviceAnswer{
		DeviceCode: deviceCode, UserCode: userCode, URI: p.cfg.Issuer + p.cfg.DeviceURL(""), URIComplete: p.cfg.Issuer + p.cfg.DeviceURL(userCode),
		ExpiresIn: int64(identity.DeviceLifetime.Seconds()), Interval: d.Interval,
	}, err
}

// ApproveDevice lets the device behind a request have what it asks for, if the session still proves all that is
// wanted: it decides again, as everywhere. Unless the decision is done nothing has happened; with
// [storage.ErrNotFound] the request is over.
func (p *Provider) ApproveDevice(ctx context.Context, r identity.AuthorizationRequest, s identity.SessionID, from identity.Origin) (identity.Decision, error) {
	d, err := p.enter(withOrigin(ctx, from), r, s, true, func(tx *storage.Tx, g identity.Grant) error {
		if err := tx.ApproveDevice(ctx, r.DeviceID, g.ID, g.CreatedAt); err != nil {
			return err
		}
		from.Actor = identity.ActorUser(g.UserID)
		event := from.Event(identity.EventDeviceApproved, g.CreatedAt)
		event.UserID, event.AccountID, event.ClientID = g.UserID, g.AccountID, g.ClientID
		return tx.Record(ctx, event)
	})
	if errors.Is(err, errOver) {
		err = storage.ErrNotFound
	}
	return d, err
}

// DeviceToken answers grant_type=urn:ietf:params:oauth:grant-type:device_code (RFC 8628 §3.4).
func (s server) DeviceToken(ctx context.Context, r *zitadel.ClientRequest[oidc.DeviceAccessTokenRequest]) (*zitadel.Response, error) {
	hash := identity.DigestOf(r.Data.DeviceCode)
	return s.exchange(ctx, recordOf(r.Client), r.Header, func(e exchange) (given, error) { return e.collect(ctx, hash) })
}

// collect gives a device its tokens, once somebody has approved it, or says what it is waiting for.
func (e exchange) collect(ctx context.Context, hash identity.Digest) (given, error) {
	d, err := e.DeviceRequest(ctx, hash)
	if errors.Is(err, storage.ErrNotFound) || err == nil && (d.ClientID != e.client.ID || !d.UsedAt.IsZero()) {
		return given{}, refuse(invalidGrant, "the device code is unknown, used, or was given to another client")
	}
	if err != nil {
		return given{}, err
	}
	tooSoon := d.Poll(e.now)
	if err := e.SavePoll(ctx, d); err != nil {
		return given{}, err
	}
	switch {
	case !e.now.Before(d.ExpiresAt):
		return given{}, refuse(expiredToken, "nobody has decided in time: begin anew")
	case !d.DeniedAt.IsZero():
		return given{}, refuse(accessDenied, "the person has refused")
	case tooSoon:
		return given{}, refuse(slowDown, "wait five seconds longer between your questions")
	case d.GrantID == "":
		return given{}, refuse(authorizationPending, "nobody has decided yet")
	}
	if err := e.UseDevice(ctx, d.ID, e.now); err != nil {
		return given{}, err
	}
	return e.first(ctx, d.GrantID, "")
}
