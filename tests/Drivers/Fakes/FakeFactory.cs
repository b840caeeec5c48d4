using Troupe.Actors;
using Troupe.Core.Capabilities;
using Troupe.Drivers.Discovery;

namespace Troupe.Drivers.Tests;

/// <summary>Starts an actor that does nothing, for the devices a test says; or what the test says.</summary>
internal sealed class FakeFactory(string name, Func<DeviceDescription, bool> matches, Func<ActorSystem, ActorRef>? start = null) : DriverFactory
{
    public List<string> Started { get; } = [];

    public override string Name => name;

    public override bool Matches(DeviceDescription device) => matches(device);

    public override ActorRef Start(ActorSystem system, DeviceDescription device, DeviceCapability capability)
    {
        Started.Add(device.Name);
        return start is null ? system.Spawn(new Idle()) : start(system);
    }

    private sealed class Idle : Actor<int>
    {
        protected override ValueTask ReceiveAsync(int message) => default;
    }
}
