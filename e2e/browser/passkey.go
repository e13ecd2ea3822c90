package browser

import (
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// Device keeps passkeys for a tab, as a phone or a laptop does. Whoever holds it touches it at once and is recognised.
type Device struct {
	tab *Tab
	id  webauthn.AuthenticatorID
}

// Device gives the tab a device without any passkeys in it.
func (tab *Tab) Device() *Device {
	tab.t.Helper()
	if _, err := chromedp.Call(tab.ctx, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		tab.fail("use passkeys", err.Error())
	}
	made, err := chromedp.Call(tab.ctx, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{
		Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportInternal,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
		},
	})
	if err != nil {
		tab.fail("add a device", err.Error())
	}
	return &Device{tab, made.AuthenticatorID}
}

// Away says whether the person has put the device down: then nobody answers what it is asked.
func (d *Device) Away(away bool) {
	d.tab.t.Helper()
	_, err := chromedp.Call(d.tab.ctx, webauthn.SetAutomaticPresenceSimulation, webauthn.SetAutomaticPresenceSimulationParams{
		AuthenticatorID: d.id, Enabled: !away,
	})
	if err != nil {
		d.tab.fail("touch the device", err.Error())
	}
}

// Passkeys is how many passkeys the device holds.
func (d *Device) Passkeys() int {
	d.tab.t.Helper()
	held, err := chromedp.Call(d.tab.ctx, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: d.id})
	if err != nil {
		d.tab.fail("look into the device", err.Error())
	}
	return len(held.Credentials)
}
