package login

import (
	"net/http"

	"github.com/go-chi/chi/v5"
	"github.com/go-chi/chi/v5/middleware"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/templates"
)

// Handler serves every page. Whatever changes something is a POST and has to come from our own
// pages (SECURITY R39); GET and HEAD change nothing.
func (d *Door) Handler() http.Handler {
	r := chi.NewRouter()
	r.Use(d.cross.Handler, middleware.GetHead)

	r.Get("/", d.page(d.showStart))
	r.Get("/login", d.page(d.showLogin))
	r.Post("/login", d.page(d.submitLogin))
	r.Post("/login/account", d.page(d.submitAccount))
	r.Post("/login/switch", d.page(d.submitSwitch))
	r.Post("/login/restart", d.page(d.submitRestart))
	r.Post("/login/enrollment", d.page(d.submitCheckMail))

	r.Get("/enroll/{secret}", d.page(d.showLink))
	r.Get("/enroll", d.page(d.showEnrollment))
	r.Post("/enroll", d.page(d.submitEnrollment))
	r.Get("/enroll/code", d.page(d.showEnrollmentAgain))
	r.Post("/enroll/code", d.page(d.submitEnrollmentCode))
	r.Get("/enroll/done", d.page(d.showEnrollmentDone))

	d.passkeyRoutes(r)

	d.routeNewcomers(r)
	d.routeAccounts(r)

	d.settingsRoutes(r)

	r.Get(recoveriesPath, d.own(d.showRecoveries))
	r.Get(recoveriesPath+"/{id}", d.fresh(d.showRecovery))
	r.Post(recoveriesPath+"/{id}", d.fresh(d.submitRecovery))

	for _, p := range []identity.LinkPurpose{identity.LinkEmailOld, identity.LinkEmailNew} {
		r.Get(cleanPath(p)+"/{secret}", d.openLink(p))
		r.Get(cleanPath(p), d.showEmailLink(p))
		r.Post(cleanPath(p), d.submitEmailLink(p))
	}

	r.Get(devicePath, d.page(d.showDeviceCode))
	r.Post(devicePath, d.page(d.submitDeviceCode))
	r.Post("/login/device", d.page(d.submitDevice))
	r.Get(deviceDonePath, d.page(d.showDeviceDone))

	r.Get("/logout", d.page(d.showLogout))
	r.Post("/logout", d.page(d.submitLogout))
	r.Get("/forgot", d.page(d.showForgot))
	r.Post("/forgot", d.page(d.submitForgot))
	r.Get("/forgot/sent", d.page(d.showForgotSent))
	r.Get("/reset/{secret}", d.openLink(identity.LinkReset))
	r.Get("/reset", d.page(d.showReset))
	r.Post("/reset", d.page(d.submitReset))
	r.Get(resetDonePath, d.page(d.showResetDone))
	r.Get(lostPath, d.page(d.showLost))
	r.Post(lostPath, d.page(d.submitLost))
	r.Get(lostAskedPath, d.page(d.showLostAsked))
	r.Get(cleanPath(identity.LinkNotMe)+"/{secret}", d.openLink(identity.LinkNotMe))
	r.Get(cleanPath(identity.LinkNotMe), d.page(d.showNotMe))
	r.Post(cleanPath(identity.LinkNotMe), d.page(d.submitNotMe))
	r.Get(notMeDonePath, d.page(d.showNotMeDone))
	r.Handle("/assets/*", templates.Assets())

	r.NotFound(d.page(func(http.ResponseWriter, *http.Request) error { return problem{http.StatusNotFound} }))
	r.MethodNotAllowed(d.page(func(http.ResponseWriter, *http.Request) error { return problem{http.StatusMethodNotAllowed} }))
	return r
}

// settingsRoutes are the pages of a person's own.
func (d *Door) settingsRoutes(r chi.Router) {
	r.Get(settingsPath, d.own(d.showSettings))
	r.Get(profilePath, d.own(d.showProfile))
	r.Post(profilePath, d.own(d.submitProfile))
	r.Get(sessionsPath, d.own(d.showSessions))
	r.Post(sessionEndPath, d.own(d.submitEndSession))
	r.Post(sessionOthersPath, d.own(d.submitEndOthers))
	r.Get(appPath, d.fresh(d.showApp))
	r.Post(appPath, d.fresh(d.submitApp))
	r.Post(appCodePath, d.fresh(d.submitAppCode))
	r.Post(appCancelPath, d.own(d.submitAppCancel))
	r.Post(appLinkPath, d.own(d.submitAppLink))
	r.Get(appRemovePath, d.fresh(d.showChange(templates.RemoveApp)))
	r.Post(appRemovePath, d.fresh(d.submitRemoveApp))
	r.Get(twoFactorOnPath, d.fresh(d.showChange(templates.AskAlways)))
	r.Post(twoFactorOnPath, d.fresh(d.submitAskAlways(true)))
	r.Get(twoFactorOffPath, d.fresh(d.showChange(templates.AskWhereRequired)))
	r.Post(twoFactorOffPath, d.fresh(d.submitAskAlways(false)))
	r.Get(passwordPath, d.fresh(d.showPassword))
	r.Post(passwordPath, d.fresh(d.submitPasswordChange))
	r.Get(emailPath, d.fresh(d.showNewEmail))
	r.Post(emailPath, d.fresh(d.submitNewEmail))
	r.Post(emailWithdrawPath, d.own(d.submitWithdrawEmail))
	r.Get(confirmPath, d.signedIn(d.showConfirm))
	r.Post(confirmPath, d.signedIn(d.submitConfirm))
	r.Get(recoveryCodesPath, d.fresh(d.showRegenerate))
	r.Post(recoveryCodesPath, d.fresh(d.submitRegenerate))
}

// passkeyRoutes are the questions that scripts ask on behalf of a passkey, and the pages of a person's own passkeys.
func (d *Door) passkeyRoutes(r chi.Router) {
	r.Post("/passkeys/options/sign-in", d.page(d.askAnybody))
	r.Post("/passkeys/options/second-factor", d.page(d.askSecondFactor))
	r.Post("/passkeys/options/reset", d.page(d.askReset))
	r.Post("/passkeys/options/fresh", d.signedIn(d.askFresh))
	r.Post("/passkeys/options/register", d.own(d.askRegister))
	r.Get(newPasskeyPath, d.fresh(d.showNewPasskey))
	r.Post(newPasskeyPath, d.fresh(d.submitNewPasskey))
	r.Get(passkeysPath+"/{id}", d.own(d.showPasskey))
	r.Post(passkeysPath+"/{id}", d.own(d.submitPasskeyName))
	r.Get(passkeysPath+"/{id}"+removePasskey, d.fresh(d.showRemovePasskey))
	r.Post(passkeysPath+"/{id}"+removePasskey, d.fresh(d.submitRemovePasskey))
}
