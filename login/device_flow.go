package login

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
	"github.com/vestibule-id/vestibule/templates"
)

// The pages of a device that is logged in from a browser elsewhere (RFC 8628).
const (
	devicePath     = "/device"
	deviceDonePath = "/device/done"
)

// longestUserCode is how much of a code is shown again: a device's own has nine characters.
const longestUserCode = 32

// DeviceURL is where a person types in the code of a device; with a code it stands in the field already.
func (d *Door) DeviceURL(userCode string) string {
	if userCode == "" {
		return devicePath
	}
	return devicePath + "?" + url.Values{templates.FieldUserCode: {userCode}}.Encode()
}

func devicePage(code string, no refused) templates.DeviceCode {
	if len(code) > longestUserCode {
		code = ""
	}
	return templates.DeviceCode{Action: devicePath, Code: code, Refusal: no.Reason, Wait: no.Wait}
}

// showDeviceCode asks for the code, also when a link has brought it: whoever has sent the link may not be whose
// device it is (RFC 8628 §5.4).
func (d *Door) showDeviceCode(w http.ResponseWriter, r *http.Request) error {
	return d.show(w, r, devicePage(r.URL.Query().Get(templates.FieldUserCode), refused{}), identity.AuthorizationRequest{})
}

// submitDeviceCode begins the login of the device in this browser.
func (d *Door) submitDeviceCode(w http.ResponseWriter, r *http.Request) error {
	typed, caller := r.PostForm.Get(templates.FieldUserCode), d.caller(r)
	caller.Browser = d.Browser(w, r)
	id, err := d.BeginDevice(r.Context(), caller, typed)
	if no := (refused{}); errors.As(err, &no) {
		return comesBack{devicePage(typed, no), identity.AuthorizationRequest{}, no}
	}
	if err != nil {
		return err
	}
	return seeOther(w, r, d.LoginURL(id))
}

// BeginDevice finds the device behind a code and begins its login, the same login as any other. The try is counted
// for its address before it is judged.
func (d *Door) BeginDevice(ctx context.Context, c Caller, typed string) (identity.RequestID, error) {
	if typed == "" {
		return "", refused{Reason: templates.UserCodeMissing}
	}
	now := d.cfg.Now()
	if err := d.countUserCode(ctx, c, now); err != nil {
		return "", err
	}
	device, err := d.cfg.DB.DeviceRequestNamed(ctx, identity.DigestOf(identity.FoldUserCode(typed)))
	if errors.Is(err, storage.ErrNotFound) || err == nil && !device.Open(now) {
		return "", refused{Reason: templates.WrongUserCode}
	}
	if err != nil {
		return "", err
	}
	request := device.AuthorizationRequest(identity.DigestOf(c.Browser), now)
	return request.ID, d.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.AddAuthorizationRequest(ctx, request) })
}

func (d *Door) countUserCode(ctx context.Context, c Caller, now time.Time) error {
	crowded := false
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		n, err := tx.CountAddress(ctx, addressBucket(c.Origin.Address), "user-code", identity.AddressCodeInterval, now)
		crowded = n > identity.AddressUserCodes
		return err
	})
	if err == nil && crowded {
		err = refused{templates.TooManyAttempts, identity.AddressCodeInterval}
	}
	return err
}

// deviceQuestion names all that the answer is about: product, account and person.
func deviceQuestion(v visit) templates.DeviceQuestion {
	return templates.DeviceQuestion{
		Action: withRequest("/login/device", v.request.ID), ClientName: v.client.Name,
		AccountName: v.decision.Membership.Account.Name, Email: v.person.Email, StartAgain: withRequest("/login/restart", v.request.ID),
	}
}

// submitDevice takes the answer. What is not a yes is a no.
func (d *Door) submitDevice(w http.ResponseWriter, r *http.Request) error {
	v, err := d.visit(r)
	if err != nil {
		return err
	}
	if v.request.DeviceID == "" || d.cfg.ApproveDevice == nil {
		return problem{http.StatusNotFound}
	}
	caller := d.caller(r)
	if r.PostForm.Get(templates.FieldDecision) != templates.DecisionAllow {
		if err := d.DenyDevice(r.Context(), caller); err != nil {
			return err
		}
		return seeOther(w, r, deviceDonePath+"?refused=1")
	}
	decision, err := d.cfg.ApproveDevice(r.Context(), v.request, v.session.ID, caller.Origin)
	if errors.Is(err, storage.ErrNotFound) {
		return errExpired
	}
	if err != nil {
		return err
	}
	if decision.Step != identity.StepDone {
		return d.next(w, r, Cookie{})
	}
	return seeOther(w, r, deviceDonePath)
}

// DenyDevice refuses the device of a request and closes the request. Nothing has to be proven for a no, but it has
// to come from the browser the code was typed in.
func (d *Door) DenyDevice(ctx context.Context, c Caller) error {
	now := d.cfg.Now()
	err := d.cfg.DB.Write(ctx, func(tx *storage.Tx) error {
		v, err := look(ctx, tx.Queries, c, now)
		if err != nil {
			return err
		}
		event := c.by(v.person.ID, identity.EventDeviceDenied, now)
		event.ClientID = v.request.ClientID
		return errors.Join(tx.AnswerRequest(ctx, v.request.ID, now), tx.DenyDevice(ctx, v.request.DeviceID, now), tx.Record(ctx, event))
	})
	if errors.Is(err, storage.ErrNotFound) {
		err = errExpired
	}
	return err
}

// showDeviceDone sends people back to their device.
func (d *Door) showDeviceDone(w http.ResponseWriter, r *http.Request) error {
	return d.show(w, r, templates.DeviceDone{Refused: r.URL.Query().Has("refused")}, identity.AuthorizationRequest{})
}
