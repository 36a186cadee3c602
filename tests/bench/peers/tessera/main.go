// Tessera's POSIX storage beside the audit stage: the same lines, appended to a log on the same disk until a published
// checkpoint covers the last of them. It syncs every file and directory that it writes, so it is durable by itself.
//
// It is given what suits it: one goroutine that never waits, no antispam, room for every line that is outstanding, the
// shortest interval of checkpoints, no garbage collection; and of several sizes of batches the one that is fastest counts.
//
// Usage: tessera LINES DIRECTORY. LINES is a file of lines; DIRECTORY gets a log for each size. Prints the rates, in lines
// per second.
package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/transparency-dev/tessera"
	"github.com/transparency-dev/tessera/storage/posix"
	"golang.org/x/mod/sumdb/note"
)

const (
	shortest = 100 * time.Millisecond // of what posix permits between two checkpoints
	poll     = 5 * time.Millisecond
)

func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

func signer() note.Signer {
	secret, _, err := note.GenerateKey(rand.Reader, "bench")
	if err != nil {
		panic(err)
	}
	return must(note.NewSigner(secret))
}

func rate(lines [][]byte, batch uint, directory string) float64 {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	driver := must(posix.New(ctx, posix.Config{Path: directory}))
	options := tessera.NewAppendOptions().WithCheckpointSigner(signer()).WithBatching(batch, shortest).
		WithPushback(uint(len(lines) + 1)).WithCheckpointInterval(shortest).WithGarbageCollectionInterval(0)
	appender, shutdown, reader, err := tessera.NewAppender(ctx, driver, options)
	if err != nil {
		panic(err)
	}
	awaiter := tessera.NewPublicationAwaiter(ctx, reader.ReadCheckpoint, poll)
	began := time.Now()
	futures := make([]tessera.IndexFuture, 0, len(lines))
	for _, line := range lines {
		futures = append(futures, appender.Add(ctx, tessera.NewEntry(line)))
	}
	for _, future := range futures {
		if _, _, err := awaiter.Await(ctx, future); err != nil {
			panic(err)
		}
	}
	took := time.Since(began)
	if err := shutdown(ctx); err != nil {
		panic(err)
	}
	return float64(len(lines)) / took.Seconds()
}

func main() {
	text := must(os.ReadFile(os.Args[1]))
	lines := bytes.Split(bytes.TrimSuffix(text, []byte("\n")), []byte("\n"))
	figures := map[string]float64{}
	for _, batch := range []uint{256, 1_024, 4_096, 16_384} {
		each := rate(lines, batch, filepath.Join(os.Args[2], fmt.Sprint(batch)))
		fmt.Fprintf(os.Stderr, "tessera: batches of %d: %.0f lines/s\n", batch, each)
		figures[fmt.Sprintf("lines_per_s_in_batches_of_%d", batch)] = each
		figures["lines_per_s"] = max(figures["lines_per_s"], each)
	}
	line, _ := json.Marshal(figures)
	fmt.Println(string(line))
}
