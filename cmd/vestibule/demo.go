package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/vestibule-id/vestibule/admin"
	"github.com/vestibule-id/vestibule/demo"
	"github.com/vestibule-id/vestibule/identity"
	"github.com/vestibule-id/vestibule/mail"
	"github.com/vestibule-id/vestibule/server"
	"github.com/vestibule-id/vestibule/storage"
)

// demoCmd runs everything on one command, with nothing configured.
type demoCmd struct {
	Port        int `default:"8080" help:"Port of the provider." placeholder:"PORT"`
	CMSPort     int `default:"8081" name:"cms-port" help:"Port of the CMS." placeholder:"PORT"`
	EventsPort  int `default:"8082" help:"Port of the event platform." placeholder:"PORT"`
	MailboxPort int `default:"8083" help:"Port of the mailbox." placeholder:"PORT"`
	PhonePort   int `default:"8084" help:"Port of the phone." placeholder:"PORT"`
}

// Help implements kong.HelpProvider.
func (demoCmd) Help() string {
	return `A provider, a CMS, an event platform, a mailbox and a phone on loopback ports, with two accounts and three people, in a
temporary folder that is gone afterwards. It is not for production.

Example:
  vestibule demo
  vestibule demo --port 9080 --cms-port 9081 --events-port 9082 --mailbox-port 9083 --phone-port 9084`
}

// Run implements the command.
func (c demoCmd) Run(ctx context.Context, out io.Writer) error {
	slog.SetDefault(slog.New(slog.DiscardHandler))
	folder, err := os.MkdirTemp("", "vestibule-demo-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	d := demoHouse{folder: folder, log: slog.New(slog.DiscardHandler)}
	if err := d.listen(c); err != nil {
		return err
	}
	db, err := d.build(ctx)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := d.sayWhatIsWhere(out); err != nil {
		return err
	}
	return d.serve(ctx)
}

// demoHouse is the parts of a demo, each on its port.
type demoHouse struct {
	folder    string
	log       *slog.Logger
	listeners [5]net.Listener // provider, CMS, events, mailbox, phone
	server    *server.Server
	sites     [4]http.Handler // CMS, events, mailbox, phone
}

func (d *demoHouse) listen(c demoCmd) (err error) {
	for i, port := range []int{c.Port, c.CMSPort, c.EventsPort, c.MailboxPort, c.PhonePort} {
		if d.listeners[i], err = net.Listen("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))); err != nil {
			return fmt.Errorf("%w (is a demo running already? choose other ports, see vestibule demo --help)", err)
		}
	}
	return nil
}

// url is where a part is found. It is localhost rather than an address, because cookies and passkeys are.
func (d *demoHouse) url(part int) string {
	return "http://localhost:" + strconv.Itoa(d.listeners[part].Addr().(*net.TCPAddr).Port)
}

func (d *demoHouse) path(name string) string { return filepath.Join(d.folder, name) }

func (d *demoHouse) database() string { return "sqlite:" + d.path("demo.db") }

// build makes a new house in the folder and moves the demo's people in.
func (d *demoHouse) build(ctx context.Context) (*storage.DB, error) {
	key := storage.NewSealingKey()
	if err := os.WriteFile(d.path("demo.key"), []byte(key.String()+"\n"), 0o600); err != nil { // for the command line
		return nil, err
	}
	db, err := storage.Open(ctx, storage.Config{URL: d.database(), Keys: storage.KeyRing{key}, Log: d.log})
	if err != nil {
		return nil, err
	}
	if err := errors.Join(db.Migrate(ctx), d.wire(db)); err != nil {
		return db, err
	}
	file, err := admin.ParseFile([]byte(demo.Data(d.url(1), d.url(2))))
	if err != nil {
		return db, err
	}
	_, err = d.server.Admin().Apply(ctx, file, false)
	return db, errors.Join(err, d.server.Prepare(ctx), d.open())
}

func (d *demoHouse) wire(db *storage.DB) error {
	hasher, err := identity.NewHasher(identity.HasherConfig{})
	if err != nil {
		return err
	}
	letters, err := mail.NewDir(d.path("mail"))
	if err != nil {
		return err
	}
	d.server, err = server.New(server.Config{
		Issuer: d.url(0), DB: db, Hasher: hasher, Mail: letters, MailFrom: "Vestibule <login@example.com>", SignUp: identity.SignUpOn, Log: d.log,
		BackchannelNetworks: loopback,
	})
	return err
}

// loopback is where the demo's products are told of logouts.
var loopback = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}

// open builds the two products and the mailbox: strangers to the provider, as any client.
func (d *demoHouse) open() (err error) {
	clients := []demo.ClientConfig{
		{Title: "Rich Media CMS", ClientID: demo.CMSID, ClientSecret: demo.CMSSecret, Look: demo.CMS,
			OtherProduct: demo.OtherProduct{Name: "Event Platform", URL: d.url(2)}},
		{Title: "Event Platform", ClientID: demo.EventsID, ClientSecret: demo.EventsSecret, Look: demo.Events,
			OtherProduct: demo.OtherProduct{Name: "Rich Media CMS", URL: d.url(1)}},
	}
	for i, c := range clients {
		c.Issuer, c.BaseURL, c.Accounts = d.url(0), d.url(i+1), demo.Accounts
		if d.sites[i], err = demo.NewClient(c); err != nil {
			return err
		}
	}
	d.sites[2] = demo.NewMailbox(d.path("mail"), d.log)
	d.sites[3] = demo.NewPhone(readCode, demo.People, d.log)
	return nil
}

// readCode is what an authenticator app does.
func readCode(key string, at time.Time) (string, error) {
	secret, err := identity.ParseTOTPKeyText(key)
	if err != nil {
		return "", err
	}
	return identity.TOTPCode(secret, at), nil
}

// runBy is how the person can run another command of this program: a path it was built into by `go run`
// is gone soon.
func runBy(arg string) string {
	if strings.Contains(arg, "go-build") {
		return "go run ./cmd/vestibule"
	}
	return arg
}

// serve answers until the context ends, then stops every part.
func (d *demoHouse) serve(ctx context.Context) error {
	for i, site := range d.sites {
		s := &http.Server{Handler: site, ReadHeaderTimeout: 5 * time.Second}
		go s.Serve(d.listeners[i+1])
		defer s.Close()
	}
	return d.server.Serve(ctx, d.listeners[0], nil)
}

// sayWhatIsWhere prints the table a person starts from.
func (d *demoHouse) sayWhatIsWhere(out io.Writer) error {
	fmt.Fprint(out, "Vestibule demo. Everything is thrown away when it ends (Ctrl-C); it is NOT for production.\n\n")
	table := tabwriter.NewWriter(out, 0, 0, 3, ' ', 0)
	fmt.Fprintf(table, "OPEN\tWHAT IT IS\n")
	fmt.Fprintf(table, "%s\tRich Media CMS: start here\n", d.url(1))
	fmt.Fprintf(table, "%s\tEvent Platform\n", d.url(2))
	fmt.Fprintf(table, "%s\tthe mailbox of everybody\n", d.url(3))
	fmt.Fprintf(table, "%s\ta phone with an authenticator app, if you have none at hand\n", d.url(4))
	fmt.Fprintf(table, "%s\tVestibule, the provider\n\n", d.url(0))
	fmt.Fprintf(table, "EMAIL\tPASSWORD\tBELONGS TO\tAUTHENTICATOR\n")
	for _, p := range demo.People {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", p.Email, p.Password, p.Accounts, p.Hint)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	_, err := fmt.Fprintf(out, `
Acme Media asks for a code, Globex Events does not.

TRY
1. Log in to the CMS as ada, choose Acme Media: the page expands and asks for the code.
   Read it off the phone page, or off your own app with her key %s
2. Open the Event Platform in the same browser: no second login. Switch to Globex Events and back.
3. Log in as ben, choose Acme Media: check the mailbox, scan the QR code, log in with the code.
4. Log in as cleo: a password is enough, and the CMS says so (amr: pwd).
5. While cleo is logged in, ask for a code at Globex Events, too: run this in another terminal. The CMS has logged
   her out when you reload it.
   VESTIBULE_DATABASE_URL=%s VESTIBULE_KEY_FILE=%s VESTIBULE_ISSUER=%s \
     %s account require-2fa globex
`, demo.People[0].Key, d.database(), d.path("demo.key"), d.url(0), runBy(os.Args[0]))
	return err
}
