# The contract rule of the policy stage's gate: a scale is admitted if and only if in every dimension
# (committed + reserved + asked) * 100 <= quota * (100 + overage), and the service stays within its bounds.
package gate

default admitted := false

admitted if {
	service := data.services[input.org][input.service]
	contract := data.contracts[input.org]
	usage := data.usage[input.org]
	to := service.replicas + input.amount
	to >= service.replicas_min
	to <= service.replicas_max
	share := 100 + contract.overage_percent
	((usage.committed.vcpu + usage.reserved.vcpu) + (service.domain.vcpu * input.amount)) * 100 <= contract.quota.vcpu * share
	((usage.committed.ram + usage.reserved.ram) + (service.domain.ram * input.amount)) * 100 <= contract.quota.ram * share
	((usage.committed.disk + usage.reserved.disk) + (service.domain.disk * input.amount)) * 100 <= contract.quota.disk * share
}

# The same with everything that the rule stands on in the input, so that nothing is looked up.
default fits := false

fits if {
	to := input.replicas + input.amount
	to >= input.replicas_min
	to <= input.replicas_max
	input.used.vcpu + (input.domain.vcpu * input.amount) <= input.envelope.vcpu
	input.used.ram + (input.domain.ram * input.amount) <= input.envelope.ram
	input.used.disk + (input.domain.disk * input.amount) <= input.envelope.disk
}
