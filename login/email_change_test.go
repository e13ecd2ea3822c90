package login_test

import (
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

var anyLink = regexp.MustCompile(`https?://[^/\s]+(/[a-z-]+(?:/[a-z-]+)*/[A-Za-z0-9_-]{43})`)

// mailbox takes the letters that wait and returns the path of the last link in each, by address.
func (h *house) mailbox() map[string]string {
	h.t.Helper()
	links := map[string]string{}
	for _, l := range h.letters() {
		links[l.To] = ""
		if found := anyLink.FindStringSubmatch(l.Text); found != nil {
			links[l.To] = found[1]
		}
	}
	return links
}

// moving is a person who has asked for another address, with the links that were mailed.
func (h *house) moving() (ada identity.User, b *browser, old, new string) {
	h.t.Helper()
	ada = h.person("ada@example.com", h.account("acme", identity.TwoFactorOff))
	b = h.browser()
	b.settle(h, "/settings/profile", "ada@example.com").shows(200, "User Information")
	page := b.send(b.get("/settings/email").shows(200, "Change your email"), "email", "Ada@New.example").shows(200, "User Information")
	if !strings.Contains(text(page.tree), "Change to Ada@New.example") && !strings.Contains(text(page.tree), "Change to ada@new.example") {
		h.t.Fatalf("the page does not say what is waited for: %s", text(page.tree))
	}
	links := h.mailbox()
	return ada, b, links["ada@example.com"], links["ada@new.example"]
}

func TestAnAddressChangesOnceBothMailboxesHaveAgreedInEitherOrder(t *testing.T) {
	for _, order := range []string{"old first", "new first"} {
		t.Run(order, func(t *testing.T) {
			each(t, func(t *testing.T, h *house) {
				ada, b, first, second := h.moving()
				if order == "new first" {
					first, second = second, first
				}
				phone := h.browser() // mail is read elsewhere
				page := phone.get(first).shows(200, "Confirm the change of address")
				if h.stored(ada.ID).Email != "ada@example.com" {
					t.Fatal("opening a link changed the address")
				}
				phone.press(page, "Confirm").shows(200, "One address is confirmed")
				if h.stored(ada.ID).Email != "ada@example.com" {
					t.Fatal("one mailbox was enough")
				}
				if page := text(b.get("/settings/profile").tree); strings.Count(page, "✓") != 1 {
					t.Errorf("the profile does not say how far it is: %s", page)
				}
				phone.press(h.browser().get(second).shows(200, "Confirm the change of address"), "Confirm")
				// The button was pressed in a browser that had not opened the link: nothing may have happened.
				if h.stored(ada.ID).Email != "ada@example.com" {
					t.Fatal("a button worked without its link")
				}
				laptop := h.browser()
				laptop.press(laptop.get(second), "Confirm").shows(200, "Your email is changed")
				u := h.stored(ada.ID)
				if u.Email != "ada@new.example" || !u.EmailVerified {
					t.Errorf("%+v", u)
				}
				phone.get(first).shows(200, "Your email is changed")
				told := h.mailbox()
				for _, address := range []string{"ada@example.com", "ada@new.example"} {
					if !strings.HasPrefix(told[address], "/not-me/") {
						t.Errorf("%s was not told: %q", address, told)
					}
				}
				b.get("/settings/profile").shows(200, "User Information")
				h.browser().logIn("", "ada@new.example", password).says("done acme pwd ada@new.example")
				h.browser().logIn("", "ada@example.com", password).shows(422, "Login")
			})
		})
	}
}

func TestALinkOfAChangeOfAddressWorksOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, _, old, _ := h.moving()
		secret := old[strings.LastIndex(old, "/")+1:]
		var wins int
		var group sync.WaitGroup
		var mu sync.Mutex
		for range 50 {
			group.Go(func() {
				if h.door.ConfirmEmailChange(t.Context(), callerOf(ada), secret, identity.LinkEmailOld) == nil {
					mu.Lock()
					wins++
					mu.Unlock()
				}
			})
		}
		group.Wait()
		if wins != 1 || h.events(identity.EventEmailConfirmed) != 1 || h.stored(ada.ID).Email != "ada@example.com" {
			t.Errorf("%d of 50 won", wins)
		}
	})
}

func TestBothLinksAtOnceChangeTheAddressOnce(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, _, old, new := h.moving()
		var group sync.WaitGroup
		for path, purpose := range map[string]identity.LinkPurpose{old: identity.LinkEmailOld, new: identity.LinkEmailNew} {
			group.Go(func() {
				if err := h.door.ConfirmEmailChange(t.Context(), callerOf(ada), path[strings.LastIndex(path, "/")+1:], purpose); err != nil {
					t.Error(err)
				}
			})
		}
		group.Wait()
		if h.stored(ada.ID).Email != "ada@new.example" || h.events(identity.EventEmailChanged) != 1 {
			t.Errorf("the address is %s, changed %d times", h.stored(ada.ID).Email, h.events(identity.EventEmailChanged))
		}
	})
}

func TestALinkForOneAddressDoesNotConfirmTheOther(t *testing.T) {
	h := onEither(t)
	_, _, old, new := h.moving()
	for _, swapped := range []string{strings.Replace(old, "/old/", "/new/", 1), strings.Replace(new, "/new/", "/old/", 1), "/email/old/x", "/email/new"} {
		b := h.browser()
		b.get(swapped).shows(404, "We do not know this link")
		b.post("/email/old", nil)
		b.post("/email/new", nil)
	}
	if h.events(identity.EventEmailConfirmed) != 0 {
		t.Error("a link confirmed what it was not made for")
	}
}

func TestAnAddressThatWasTakenMeanwhileStaysWhereItIs(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, _, old, new := h.moving()
		b := h.browser()
		b.press(b.get(old), "Confirm").shows(200, "One address is confirmed")
		eve := h.person("ada@new.example")
		b.press(b.get(new), "Confirm").shows(200, "This address is taken")
		b.get(old).shows(200, "This address is taken")
		if h.stored(ada.ID).Email != "ada@example.com" || h.stored(eve.ID).Email != "ada@new.example" {
			t.Error("somebody has lost their address")
		}
		if told := h.mailbox(); len(told) != 0 {
			t.Errorf("letters tell of a change that did not happen: %v", told)
		}
	})
}

func TestAskingForAnAddressDoesNotTellWhetherSomebodyHasIt(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		acme := h.account("acme", identity.TwoFactorOff)
		h.person("bob@example.com")
		var pages []string
		for i, wish := range []string{"bob@example.com", "nobody@example.com"} {
			who := []string{"ada@example.com", "eve@example.com"}[i]
			h.person(who, acme)
			b := h.browser()
			b.settle(h, "/settings/profile", who)
			page := b.send(b.get("/settings/email"), "email", wish).shows(200, "User Information")
			pages = append(pages, strings.NewReplacer(wish, "WISH", who, "WHO").Replace(text(page.tree)))
			links := h.mailbox()
			if there := links[wish] != ""; there != (wish == "nobody@example.com") {
				t.Errorf("the letter to %s has the link %q", wish, links[wish])
			}
			b.press(b.get(links[who]), "Confirm").shows(200, "One address is confirmed")
		}
		if pages[0] != pages[1] {
			t.Errorf("the pages differ:\n%s\n%s", pages[0], pages[1])
		}
	})
}

func TestANewWishAPasswordAndADayEndAChangeOfAddress(t *testing.T) {
	for what, end := range map[string]func(h *house, ada identity.User, b *browser){
		"a newer wish": func(h *house, _ identity.User, b *browser) {
			h.wait(2 * time.Minute)
			b.send(b.get("/settings/email"), "email", "other@new.example").shows(200, "User Information")
		},
		"withdrawn": func(h *house, _ identity.User, b *browser) {
			page := b.press(b.get("/settings/profile"), "Withdraw the change").shows(200, "User Information")
			if strings.Contains(text(page.tree), "Change to") {
				h.t.Error("the profile still waits")
			}
		},
		"a new password": func(h *house, ada identity.User, _ *browser) {
			ada.SetPassword(ada.PasswordHash, h.clock())
			h.write(func(tx *storage.Tx) error { return tx.SaveUser(h.t.Context(), ada) })
		},
		"a day": func(h *house, _ identity.User, _ *browser) { h.wait(24 * time.Hour) },
	} {
		t.Run(what, func(t *testing.T) {
			h := onEither(t)
			ada, b, old, new := h.moving()
			end(h, ada, b)
			for _, link := range []string{old, new} {
				reader := h.browser()
				if got := reader.get(link); got.status != 410 {
					t.Errorf("%d %s", got.status, got.heading())
				}
				reader.post(link[:strings.LastIndex(link, "/")], nil)
			}
			if h.stored(ada.ID).Email != "ada@example.com" || h.events(identity.EventEmailConfirmed) != 0 {
				t.Error("the old links still work")
			}
		})
	}
}

func TestWhoAsksForAddressesTooOftenWaits(t *testing.T) {
	h := onEither(t)
	_, b, _, _ := h.moving()
	page := b.get("/settings/email")
	b.send(page, "email", "b@new.example").shows(429, "Change your email")
	for _, wish := range []string{"", "not an address", "a@b@c", "ada@example.com"} {
		b.send(page, "email", wish).shows(422, "Change your email")
	}
	for range 2 {
		h.wait(time.Minute)
		b.send(page, "email", "b@new.example").shows(200, "User Information")
	}
	h.wait(time.Minute)
	b.send(page, "email", "b@new.example").shows(429, "Change your email")
	if letters := len(h.letters()); letters != 4 {
		t.Errorf("%d letters were sent", letters)
	}
}

func TestAChangeOfAddressAsksForFreshProof(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		ada, b, _, _ := h.moving()
		h.wait(6 * time.Minute)
		b.get("/settings/email").shows(200, "Confirm that it is you")
		b.post("/settings/email", map[string][]string{"email": {"eve@evil.example"}}).shows(200, "Confirm that it is you")
		c := callerOf(ada)
		c.Session = b.cookie("vestibule-session")
		if err := h.door.AskEmailChange(t.Context(), c, "eve@evil.example"); err == nil {
			t.Error("the act itself asks for nothing")
		}
		if h.events(identity.EventEmailChangeAsked) != 1 {
			t.Error("a stale session asked for another address")
		}
	})
}
