using System.Text;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioConsole;

namespace Troupe.Drivers.Tests;

/// <summary>A virtio console device, its driver's actor in a system of the TestKit, and the client of one port.</summary>
internal sealed class ConsoleFixture
{
    public const string PortName = "org.troupe.test";

    public ConsoleFixture(TestSystem test, FakeConsole console, string transport)
    {
        Console = console;
        Way = FakeWay.To(console.Device, transport, vectors: 2, VirtioConsoleDevice.RequiredDmaMemory);
        Device = new VirtioConsoleDevice(Way.Transport, Arena);
        Driver = test.System.Spawn(() => new VirtioConsoleDriver(Device), new SpawnOptions { Name = "console", OnFailure = FailurePolicy.Restart });
    }

    public FakeConsole Console { get; }

    /// <summary>What the driver has of the device.</summary>
    public FakeWay Way { get; }

    public FakeArena Arena => Way.Arena;

    public VirtioConsoleDevice Device { get; }

    public ActorRef<ConsolePortMessage> Driver { get; }

    public RecordingPortClient Client { get; } = new();

    /// <summary>A scenario with a device that has one named port, number 1, which the host has open, unless <paramref name="configure"/> says otherwise.</summary>
    public static void Run(Func<TestSystem, ConsoleFixture, Task> scenario, ulong features = FakeConsole.Usual, string transport = "mmio", Action<FakeConsole>? configure = null, int ports = 4, TestOptions? options = null) =>
        TestSystem.Run(test =>
        {
            var memory = new FakeMemory();
            var console = new FakeConsole(memory, features, ports);
            if (configure is null)
            {
                console.Ports.Add(FakeConsole.Named(1, PortName));
            }
            else
            {
                configure(console);
            }

            return scenario(test, new ConsoleFixture(test, console, transport));
        }, options);

    public async Task AttachAsync(TestSystem test, string name = PortName)
    {
        Assert.True(Driver.TryTell(ConsolePortMessage.Attach(name, Client)));
        await test.WhenIdle();
    }

    public async Task<ConsolePortStatistics> StatisticsAsync() => await Driver.AskAsync<ConsolePortStatistics>(ConsolePortMessage.GetStatistics);

    /// <summary>Sends this if there is a buffer for it.</summary>
    public bool TrySend(ReadOnlySpan<byte> octets, ConsolePortInformation? port = null)
    {
        port ??= Client.Port!;
        if (!port.SendBuffers.TryRent(out var buffer))
        {
            return false;
        }

        buffer.Append(octets);
        Assert.True(Driver.TryTell(ConsolePortMessage.Send(port, buffer)));
        return true;
    }

    public bool TrySend(string text, ConsolePortInformation? port = null) => TrySend(Encoding.UTF8.GetBytes(text), port);

    /// <summary>Every buffer is home once the driver has stopped, and the device keeps no memory.</summary>
    public async Task AssertNothingLeakedAsync(TestSystem test)
    {
        await Driver.StopAsync(drain: false);
        await test.WhenIdle();
        Assert.Equal(VirtioStatus.Reset, Console.Device.Status);
        Assert.Equal(0, Arena.BytesInQuarantine);
        if (Client.Port is { } port)
        {
            Assert.Equal((0, 0L), (port.SendBuffers.RentedCount, port.SendBuffers.MisuseCount));
        }
    }
}
