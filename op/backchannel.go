package op

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/storage"
)

// Bounds of back-channel logout (SECURITY R73, F23).
const (
	logoutWithin     = 5 * time.Second // one try
	logoutsWithin    = storage.LogoutLease - 2*logoutWithin
	longestLogoutAck = 64 << 10 // what is read of an answer, which nobody looks at
)

// typeLogoutToken is the `typ` of a logout token (Back-Channel Logout §2.4).
const typeLogoutToken = "logout+jwt"

// logoutToken is Back-Channel Logout §2.4. It has no nonce, so that it cannot pass for an ID token.
type logoutToken struct {
	Issuer   string                  `json:"iss"`
	Audience identity.ClientID       `json:"aud"`
	IssuedAt int64                   `json:"iat"`
	Expires  int64                   `json:"exp"`
	ID       string                  `json:"jti"`
	Events   logoutEvents            `json:"events"`
	Subject  string                  `json:"sub"`
	SID      identity.SessionEntryID `json:"sid"`
}

// logoutEvents has one member, whose value is an empty object.
type logoutEvents struct {
	Logout struct{} `json:"http://schemas.openid.net/event/backchannel-logout"`
}

// DeliverLogouts tells the clients that are due that somebody has left, and returns how many have taken
// note. Several replicas may deliver at once. Clients are told side by side, so that one that hangs keeps
// nobody else waiting; each is told one logout after the other, until one fails because the client is
// not there, or the time is up: all that waits for it is due again when a lease is over.
func (p *Provider) DeliverLogouts(ctx context.Context) (int, error) {
	taken := p.now()
	var due []identity.Logout
	err := p.cfg.DB.Write(ctx, func(tx *storage.Tx) (err error) {
		due, err = tx.TakeLogouts(ctx, taken)
		return err
	})
	queues := map[identity.ClientID][]identity.Logout{}
	for _, l := range due {
		queues[l.ClientID] = append(queues[l.ClientID], l)
	}
	ctx, done := context.WithTimeout(ctx, logoutsWithin)
	defer done()
	var running sync.WaitGroup
	var mu sync.Mutex // guards told and err
	told := 0
	for _, queue := range queues {
		running.Go(func() {
			n, failure := p.tellAll(ctx, queue)
			mu.Lock()
			defer mu.Unlock()
			told, err = told+n, errors.Join(err, failure)
		})
	}
	running.Wait()
	return told, err
}

// tellAll delivers what waits for one client.
func (p *Provider) tellAll(ctx context.Context, queue []identity.Logout) (told int, err error) {
	client, err := p.cfg.DB.Client(ctx, queue[0].ClientID)
	if err != nil {
		return 0, err
	}
	for _, l := range queue {
		failure := p.tell(ctx, client, l)
		if ctx.Err() != nil { // it was slow, or we stop: no try is counted
			return told, p.putOff(context.WithoutCancel(ctx), client.ID)
		}
		if failure == nil {
			l.SentAt, l.Tries, told = p.now(), l.Tries+1, told+1
			p.counts.told.Add(1)
		} else {
			l.DeliveryFailed(p.now())
			p.counts.untold.Add(1)
			p.cfg.Log.Warn("a client was not told of a logout", "client", client.ID, "try", l.Tries, "given_up", !l.DeadAt.IsZero(), "error", failure)
		}
		refused := new(logoutRefused)
		away := failure != nil && !errors.As(failure, &refused)
		if err = p.saveLogout(ctx, l, away); err != nil || away {
			return told, err
		}
	}
	return told, nil
}

// putOff lets all that waits for a client that is slow or not there wait: with hundreds of them due it would be tried all the time,
// and the others would have to wait for each try to end.
func (p *Provider) putOff(ctx context.Context, client identity.ClientID) error {
	until := p.now().Add(storage.LogoutLease)
	return p.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.PutOffLogouts(ctx, client, until) })
}

// saveLogout writes how a delivery went, and when the next one to this client makes sense.
func (p *Provider) saveLogout(ctx context.Context, l identity.Logout, away bool) error {
	if away {
		if err := p.putOff(ctx, l.ClientID); err != nil {
			return err
		}
	}
	err := p.cfg.DB.Write(ctx, func(tx *storage.Tx) error { return tx.SaveLogout(ctx, l) })
	if errors.Is(err, storage.ErrNotFound) { // it has to be told anew
		err = nil
	}
	return err
}

// logoutRefused is the answer of a client that is there and does not accept this logout.
type logoutRefused struct{ status string }

// Error implements error.
func (e *logoutRefused) Error() string { return "the client answered " + e.status }

// tell posts one logout token. An error says what happened without the URL, which may hold a secret.
func (p *Provider) tell(ctx context.Context, c identity.Client, l identity.Logout) error {
	if c.BackchannelURI == "" { // taken away meanwhile: nobody wants to know
		return nil
	}
	token, err := p.logoutTokenFor(ctx, c, l)
	if err != nil {
		return err
	}
	within, done := context.WithTimeout(ctx, logoutWithin)
	defer done()
	body := strings.NewReader(url.Values{"logout_token": {token}}.Encode())
	request, err := http.NewRequestWithContext(within, http.MethodPost, c.BackchannelURI, body)
	if err != nil {
		return errors.New("the backchannel_logout_uri cannot be read")
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	request.Header.Set("User-Agent", "vestibule")
	answer, err := p.outbound.Do(request)
	if told := new(url.Error); errors.As(err, &told) {
		err = told.Err
	}
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	io.CopyN(io.Discard, answer.Body, longestLogoutAck)
	switch {
	case answer.StatusCode/100 == 2:
		return nil
	case answer.StatusCode/100 == 4 && answer.StatusCode != http.StatusTooManyRequests:
		return &logoutRefused{answer.Status}
	}
	return fmt.Errorf("the client answered %s", answer.Status)
}

// logoutTokenFor signs a token for one try, with the algorithm of the client's ID tokens.
func (p *Provider) logoutTokenFor(ctx context.Context, c identity.Client, l identity.Logout) (string, error) {
	key, err := p.keys.signer(ctx, c.IDTokenAlg)
	if err != nil {
		return "", err
	}
	now := p.now()
	return key.sign(typeLogoutToken, logoutToken{
		Issuer: p.cfg.Issuer, Audience: c.ID, ID: identity.NewID(), Subject: c.Subject(l.UserID), SID: l.EntryID,
		IssuedAt: now.Unix(), Expires: now.Add(identity.LogoutTokenLifetime).Unix(),
	})
}
