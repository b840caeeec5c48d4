using Troupe.Core.Capabilities;

namespace Troupe.Drivers.Tests;

/// <summary>A window and a line at a fixed place.</summary>
internal sealed class FakePlatformDevice(string name, RegisterWindow registers, InterruptLine? line = null) : PlatformDevice
{
    public bool IsRevoked { get; private set; }

    public override string Name => name;

    public override RegisterWindow OpenRegisters() => registers;

    public override InterruptLine OpenInterrupt() => line ?? throw new CapabilityException($"{name} has no line.");

    public override DmaArena CreateArena(long limit) => throw new CapabilityException($"{name} has no access to memory.");

    public override void Revoke() => IsRevoked = true;
}
