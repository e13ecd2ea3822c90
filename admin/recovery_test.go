package admin_test

import (
	"strings"
	"testing"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// lost gives a person an app that they say they have lost.
func (h *house) lost(u identity.User) identity.Recovery {
	app, err := identity.NewAuthenticator(u.ID, h.now)
	if err != nil {
		h.Fatal(err)
	}
	app.ConfirmedAt = h.now
	r := identity.NewRecovery(u, identity.Origin{Address: "192.0.2.7"}, h.now)
	h.write(func(tx *storage.Tx) error { return tx.AddAuthenticator(h.Context(), app) })
	h.write(func(tx *storage.Tx) error { return tx.AddRecovery(h.Context(), r) })
	return r
}

// mailed takes the letters to a person.
func (h *house) mailed(email string) (texts []string) {
	h.write(func(tx *storage.Tx) error {
		all, err := tx.TakeLetters(h.Context(), h.now)
		for _, l := range all {
			if l.To == email {
				texts = append(texts, l.Subject+"\n"+l.Text)
			}
		}
		return err
	})
	return texts
}

func TestR6_AnOperatorStartsAResetAndSetsNoPassword(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		must(h.StartReset(h.Context(), "Ada@X.org"))(h)
		letters := h.mailed(ada.Email)
		if len(letters) != 1 || !strings.Contains(letters[0], "/reset/") || h.events(identity.EventResetSent) != 1 {
			h.Errorf("%d letters: %s", len(letters), letters)
		}
		if now := must(h.db.User(h.Context(), ada.ID))(h); now.PasswordHash != ada.PasswordHash || now.Epoch != ada.Epoch {
			h.Error("the password has changed")
		}
		links := must(h.db.LastLinks(h.Context(), ada.ID, identity.LinkReset, 5))(h)
		if len(links) != 1 || links[0].Approved {
			h.Errorf("%+v", links)
		}
		must(h.DisableUser(h.Context(), "ada@x.org"))(h)
		_, err := h.StartReset(h.Context(), "ada@x.org")
		h.refused(err, "is disabled")
	})
}

func TestAnOperatorApprovesALostAuthenticatorOnceAndWithAReason(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		asked := h.lost(ada)
		if waiting := must(h.Recoveries(h.Context()))(h); len(waiting) != 1 || waiting[0].ID != asked.ID || waiting[0].Person.Email != ada.Email {
			h.Errorf("%+v", waiting)
		}
		_, err := h.ApproveRecovery(h.Context(), ada.Email, " ")
		h.refused(err, "the reason needs")
		must(h.ApproveRecovery(h.Context(), ada.Email, "called her"))(h)
		links := must(h.db.LastLinks(h.Context(), ada.ID, identity.LinkReset, 5))(h)
		if len(links) != 1 || !links[0].Approved || links[0].ExpiresAt.Sub(h.now) != identity.ApprovedResetLifetime {
			h.Errorf("%+v", links)
		}
		r := must(h.db.Recovery(h.Context(), asked.ID))(h)
		if r.Outcome != identity.RecoveryApproved || r.Reason != "called her" || r.DecidedBy != identity.ActorOperator || h.events(identity.EventRecoveryApproved) != 1 {
			h.Errorf("%+v", r)
		}
		if waiting := must(h.Recoveries(h.Context()))(h); len(waiting) != 0 || len(h.mailed(ada.Email)) != 1 {
			h.Errorf("still waiting: %+v", waiting)
		}
	})
}

func TestAnOperatorDeclinesALostAuthenticator(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		_, err := h.DeclineRecovery(h.Context(), ada.Email, "why should I")
		h.refused(err, "has asked for nothing")
		h.lost(ada)
		must(h.DeclineRecovery(h.Context(), ada.Email, "she knows nothing about it"))(h)
		letters := h.mailed(ada.Email)
		if len(letters) != 1 || !strings.Contains(letters[0], "declined") || strings.Contains(letters[0], "/reset/") {
			h.Errorf("%s", letters)
		}
		if links := must(h.db.LastLinks(h.Context(), ada.ID, identity.LinkReset, 5))(h); len(links) != 0 {
			h.Errorf("%+v", links)
		}
	})
}

func TestWhoCallsInsteadOfAskingIsLetInTheSame(t *testing.T) {
	each(t, func(h *house) {
		ada := h.person("ada@x.org", "acme:owner")
		_, err := h.ApproveRecovery(h.Context(), ada.Email, "called me")
		h.refused(err, "needs no second factor")
		app, _ := identity.NewAuthenticator(ada.ID, h.now)
		app.ConfirmedAt = h.now
		h.write(func(tx *storage.Tx) error { return tx.AddAuthenticator(h.Context(), app) })
		must(h.ApproveRecovery(h.Context(), ada.Email, "called me"))(h)
		if r := must(h.db.LastRecovery(h.Context(), ada.ID))(h); r.Outcome != identity.RecoveryApproved {
			h.Errorf("%+v", r)
		}
	})
}
