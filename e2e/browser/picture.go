package browser

import (
	"bytes"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"strings"

	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/makiuchi-d/gozxing"
	"github.com/makiuchi-d/gozxing/qrcode"
)

// Screenshot keeps a picture of the whole page as NAME.png in the folder
// VESTIBULE_ARTIFACTS, or e2e/artifacts of this repository, and returns its path.
func (tab *Tab) Screenshot(name string) string {
	tab.t.Helper()
	ctx, cancel := context.WithTimeout(tab.ctx, patience)
	defer cancel()
	path := tab.snap(ctx, name)
	if !strings.HasSuffix(path, ".png") {
		tab.t.Fatalf("browser: screenshot %s: %s", name, path)
	}
	return path
}

// snap returns the path of the picture, or says why there is none: it is also
// called when a test fails already.
func (tab *Tab) snap(ctx context.Context, name string) string {
	picture, err := chromedp.Run(ctx, chromedp.FullScreenshot(100))
	if err != nil {
		return "none: " + err.Error()
	}
	dir, err := artifacts()
	if err != nil {
		return "none: " + err.Error()
	}
	path := filepath.Join(dir, strings.ReplaceAll(name, "/", "-")+".png")
	if err := os.WriteFile(path, picture, 0o644); err != nil {
		return "none: " + err.Error()
	}
	return path
}

// artifacts returns the folder for pictures and makes it.
func artifacts() (string, error) {
	dir := os.Getenv("VESTIBULE_ARTIFACTS")
	if dir == "" {
		root, err := repository()
		if err != nil {
			return "", err
		}
		dir = filepath.Join(root, "e2e", "artifacts")
	}
	return dir, os.MkdirAll(dir, 0o755)
}

// repository finds the folder with go.mod: tests run in that of their package.
func repository() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for ; dir != filepath.Dir(dir); dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir, nil
		}
	}
	return "", fmt.Errorf("no go.mod above the working directory; set VESTIBULE_ARTIFACTS")
}

// QRCode photographs an element, three times as large as on the screen and with
// a little of what is around it, as a phone held before it would, and returns
// what the QR code in the picture says.
func (tab *Tab) QRCode(selector string) (content string) {
	tab.t.Helper()
	const margin, scale = 16, 3
	tab.await("scan the QR code "+selector, func() error {
		var box struct{ X, Y, Width, Height float64 }
		tab.ask("find the QR code "+selector, &box, "box", selector)
		x, y := max(0, box.X-margin), max(0, box.Y-margin)
		beyond := true
		picture, err := chromedp.Call(tab.ctx, page.CaptureScreenshot, page.CaptureScreenshotParams{
			CaptureBeyondViewport: &beyond,
			Clip:                  &page.Viewport{X: x, Y: y, Width: box.X - x + box.Width + margin, Height: box.Y - y + box.Height + margin, Scale: scale},
		})
		if err != nil {
			return err
		}
		at := func(x, y float64) image.Point { return image.Pt(int(x*scale), int(y*scale)) }
		code := image.Rectangle{at(box.X-x, box.Y-y), at(box.X-x+box.Width, box.Y-y+box.Height)}
		content, err = decode(picture.Data, code)
		return err
	})
	return content
}

// decode reads the QR code in a PNG. Of two codes in a hundred the library takes
// something else for a corner. Where the code fills the picture it need not look
// for corners, so the second try is the element alone, without a border.
func decode(picture []byte, code image.Rectangle) (string, error) {
	img, err := png.Decode(bytes.NewReader(picture))
	if err != nil {
		return "", err
	}
	content, err := read(img, gozxing.DecodeHintType_TRY_HARDER)
	whole, ok := img.(interface {
		SubImage(image.Rectangle) image.Image
	})
	if err == nil || !ok {
		return content, err
	}
	const border = 12
	return read(whole.SubImage(code.Inset(border)), gozxing.DecodeHintType_PURE_BARCODE)
}

func read(img image.Image, hint gozxing.DecodeHintType) (string, error) {
	bitmap, err := gozxing.NewBinaryBitmapFromImage(img)
	if err != nil {
		return "", err
	}
	result, err := qrcode.NewQRCodeReader().Decode(bitmap, map[gozxing.DecodeHintType]any{hint: true})
	if err != nil {
		return "", err
	}
	return result.GetText(), nil
}
