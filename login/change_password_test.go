package login_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
)

func TestR5_ChangingThePasswordNeedsTheOldOneAndEndsEverythingElse(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, app := h.enrolled()
		other := h.browser()
		other.send(other.logIn("", "ada@example.com", password), "code", h.code(app.Secret)).says("done acme pwd+otp+mfa ada@example.com")
		h.wait(time.Minute)
		b := h.browser()
		page := b.settle(h, "/settings/password", "ada@example.com", app).shows(200, "Change password")
		b.send(page, "password", newPassword).shows(422, "Change password").refuses("Please enter your current password")
		b.send(page, "current-password", "not the password", "password", newPassword).shows(422, "Change password").refuses("The current password is not right")
		if h.stored(ada.ID).Epoch != ada.Epoch {
			t.Fatal("the password was changed")
		}
		before := b.cookie("vestibule-session")
		page = b.send(page, "current-password", password, "password", newPassword).shows(200, "User Information")
		if !strings.Contains(text(page.tree), "Saved.") || b.cookie("vestibule-session") == before {
			t.Errorf("%s", text(page.tree))
		}
		if h.notices()["Your password was changed"] != 1 || h.events(identity.EventPasswordChanged) != 1 {
			t.Error("nobody was told")
		}
		h.onlyOneOpen(ada) // so that clients are told of the others
		other.get("/settings").shows(200, "Login")
		other.get("/authorize").shows(200, "Login")
		b.get("/settings").shows(200, "User Information")
		thief := h.browser()
		thief.plant("vestibule-session", before)
		thief.get("/settings").shows(200, "Login")
		h.browser().logIn("", "ada@example.com", password).shows(422, "Login")
		h.wait(time.Minute)
		h.browser().logIn("", "ada@example.com", newPassword).asksCode(200)
	})
}

func TestR5_AStaleSessionChangesNoPassword(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, b := h.atHome()
		page := b.get("/settings/password").shows(200, "Change password")
		h.wait(5 * time.Minute)
		b.send(page, "current-password", password, "password", newPassword).shows(200, "User Information")
		if h.stored(ada.ID).Epoch == ada.Epoch {
			t.Error("five minutes are not kept to")
		}
		h.wait(time.Second)
		page = b.send(page, "current-password", newPassword, "password", password).shows(200, "Confirm that it is you")
		b.send(page, "password", newPassword).shows(200, "Change password")
	})
}

func TestR3_ANewPasswordIsRefusedWithTheReasonInWordsAndCostsNoAttempt(t *testing.T) {
	h := onEither(t)
	_, b := h.atHome()
	page := b.get("/settings/password")
	for bad, reason := range map[string]string{
		"short": "too short", strings.Repeat("x", 257): "too long", "passwordpassword": "easy to guess", "vestibule is where I go": "the name of a product",
		"acme media is my home": "an account of yours", "ada park likes lanterns": "your name", password: "This is your password already", "": "Please enter your password",
	} {
		b.send(page, "current-password", password, "password", bad).shows(422, "Change password").refuses(reason)
	}
	for range 4 {
		b.send(page, "current-password", "wrong", "password", "short").shows(422, "Change password").refuses("too short")
	}
	b.send(page, "current-password", password, "password", newPassword).shows(200, "User Information")
}

func TestR12_TheCurrentPasswordIsCounted(t *testing.T) {
	h := onEither(t)
	_, b := h.atHome()
	page := b.get("/settings/password")
	for range 5 {
		b.send(page, "current-password", "not the password", "password", newPassword).shows(422, "Change password")
	}
	b.send(page, "current-password", password, "password", newPassword).shows(429, "Change password")
	h.wait(2 * time.Second)
	b.send(page, "current-password", password, "password", newPassword).shows(200, "User Information")
}
