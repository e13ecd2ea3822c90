package storage

import (
	"context"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

var devices = table[identity.DeviceRequest]{"device_requests", func(_ *sealer, d *identity.DeviceRequest) []column {
	return []column{
		{"id", &d.ID}, {"device_hash", &d.DeviceHash}, {"user_code_hash", &d.UserCodeHash}, {"client_id", &d.ClientID},
		{"scopes", jsonOf(&d.Scopes)}, {"resource", &d.Resource}, {"account_name", &d.AccountName}, {"account_id", &d.AccountID},
		{"interval_seconds", &d.Interval}, {"polled_at", moment{&d.PolledAt}}, {"grant_id", &d.GrantID},
		{"denied_at", moment{&d.DeniedAt}}, {"used_at", moment{&d.UsedAt}},
		{"created_at", moment{&d.CreatedAt}}, {"expires_at", moment{&d.ExpiresAt}},
	}
}}

var (
	deviceByCode     = devices.selecting("WHERE device_hash = $1")
	deviceByUserCode = devices.selecting("WHERE user_code_hash = $1")
	deviceInsert     = devices.inserting()
	devicePoll       = "UPDATE device_requests SET interval_seconds = $2, polled_at = $3 WHERE id = $1"
	deviceApprove    = "UPDATE device_requests SET grant_id = $2 WHERE id = $1 AND grant_id = '' AND denied_at IS NULL AND expires_at > $3"
	deviceDeny       = "UPDATE device_requests SET denied_at = $2 WHERE id = $1 AND grant_id = '' AND denied_at IS NULL"
	deviceUse        = `UPDATE device_requests SET used_at = $2
		WHERE id = $1 AND grant_id <> '' AND denied_at IS NULL AND used_at IS NULL AND expires_at > $2`
)

// DeviceRequest returns the request a device knows by its code, or [ErrNotFound].
func (q Queries) DeviceRequest(ctx context.Context, code identity.Digest) (identity.DeviceRequest, error) {
	return one(ctx, q, devices, deviceByCode, code)
}

// DeviceRequestNamed returns the request somebody has typed in the code of, or [ErrNotFound].
func (q Queries) DeviceRequestNamed(ctx context.Context, userCode identity.Digest) (identity.DeviceRequest, error) {
	return one(ctx, q, devices, deviceByUserCode, userCode)
}

// AddDeviceRequest adds a request; [ErrExists] if another one has its user code.
func (tx *Tx) AddDeviceRequest(ctx context.Context, d identity.DeviceRequest) error {
	_, err := tx.exec(ctx, deviceInsert, devices.args(tx.seal, &d)...)
	return err
}

// SavePoll stores when the device has asked, and how long it has to wait.
func (tx *Tx) SavePoll(ctx context.Context, d identity.DeviceRequest) error {
	return tx.must(ctx, devicePoll, d.ID, d.Interval, at(d.PolledAt))
}

// ApproveDevice gives a device what it waits for, once; [ErrNotFound] if somebody has decided already, or
// its time is over.
func (tx *Tx) ApproveDevice(ctx context.Context, id string, grant identity.GrantID, now time.Time) error {
	return tx.must(ctx, deviceApprove, id, grant, at(now))
}

// DenyDevice refuses a device, once; [ErrNotFound] if somebody has decided already.
func (tx *Tx) DenyDevice(ctx context.Context, id string, now time.Time) error {
	return tx.must(ctx, deviceDeny, id, at(now))
}

// UseDevice spends an approval, once; [ErrNotFound] otherwise.
func (tx *Tx) UseDevice(ctx context.Context, id string, now time.Time) error {
	return tx.must(ctx, deviceUse, id, at(now))
}
