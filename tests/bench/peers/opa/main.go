// OPA beside the policy stage's gate: the same contract rule as a prepared query, in process, on one goroutine.
//
// It is given what it is best at: inputs parsed before the clock runs, data read as OPA's own values, nothing written
// after a decision, an answer of yes or no, and the clock that is kinder to it, the wall's or the processor's. What
// `virtscale-bench gate` counts does all of that besides the rule.
//
// Usage: opa SERVICES. Prints the median rate of each way to ask, in decisions per second.
package main

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"sort"
	"strconv"
	"syscall"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage"
	"github.com/open-policy-agent/opa/v1/storage/inmem"
)

const (
	servicesOfAnOrg   = 100
	decisionsInARound = 20_000
	rounds            = 5
)

//go:embed gate.rego
var rules string

type object = map[string]any

func orgOf(service int) string  { return "org-" + strconv.Itoa(service/servicesOfAnOrg) }
func nameOf(service int) string { return "service-" + strconv.Itoa(service%servicesOfAnOrg) }

func amounts(vcpu, ram, disk int) object {
	return object{"vcpu": vcpu, "ram": ram, "disk": disk}
}

func data(services int) object {
	contracts, usage, books := object{}, object{}, object{}
	for service := range services {
		org := orgOf(service)
		if contracts[org] == nil {
			contracts[org] = object{"quota": amounts(1_000_000_000, 1_000_000_000, 1_000_000_000), "overage_percent": 10}
			usage[org] = object{"committed": amounts(0, 0, 0), "reserved": amounts(0, 0, 0)}
			books[org] = object{}
		}
		books[org].(object)[nameOf(service)] = object{
			"domain": amounts(100, 64, 1), "replicas": 0, "replicas_min": 0, "replicas_max": 10_000}
	}
	return object{"contracts": contracts, "usage": usage, "services": books}
}

// Services all over the data, as the bench takes them.
func inputs(services int, make func(service int) object) []ast.Value {
	var all []ast.Value
	for n := range decisionsInARound {
		all = append(all, ast.MustInterfaceToValue(make((n+1)*7_919%services)))
	}
	return all
}

func wish(service int) object {
	return object{"org": orgOf(service), "service": nameOf(service), "amount": 1}
}

func wholeWish(int) object {
	const envelope = 1_100_000_000
	return object{"amount": 1, "replicas": 0, "replicas_min": 0, "replicas_max": 10_000, "used": amounts(0, 0, 0),
		"domain": amounts(100, 64, 1), "envelope": amounts(envelope, envelope, envelope)}
}

// Of this process, with what its garbage collector took.
func processorTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

func rate(store storage.Store, rule string, wishes []ast.Value) float64 {
	ctx := context.Background()
	transaction := storage.NewTransactionOrDie(ctx, store)
	defer store.Abort(ctx, transaction)
	query, err := rego.New(rego.Query("data.gate."+rule), rego.Module("gate.rego", rules), rego.Store(store),
		rego.Transaction(transaction)).PrepareForEval(ctx)
	if err != nil {
		panic(err)
	}
	var rates []float64
	for range rounds {
		began, used := time.Now(), processorTime()
		for _, wish := range wishes {
			answer, err := query.Eval(ctx, rego.EvalParsedInput(wish), rego.EvalTransaction(transaction))
			if err != nil || len(answer) != 1 || answer[0].Expressions[0].Value != true {
				panic(fmt.Sprint("the rule did not admit what it should: ", answer, err))
			}
		}
		took := min(time.Since(began), processorTime()-used)
		rates = append(rates, float64(len(wishes))/took.Seconds())
	}
	sort.Float64s(rates)
	return rates[len(rates)/2]
}

func main() {
	services, err := strconv.Atoi(os.Args[1])
	if err != nil {
		panic(err)
	}
	store := inmem.NewFromObjectWithOpts(data(services), inmem.OptReturnASTValuesOnRead(true))
	line, _ := json.Marshal(map[string]float64{
		"decisions_per_s":            rate(store, "admitted", inputs(services, wish)),
		"decisions_per_s_from_input": rate(store, "fits", inputs(services, wholeWish)),
	})
	fmt.Println(string(line))
}
