using Troupe.Drivers.Contracts;
using Troupe.Drivers.VirtioConsole;

namespace Troupe.Drivers.Tests;

/// <summary>What a console device says of its ports while its driver starts, as QEMU says it: in any order, and once.</summary>
public sealed class VirtioConsoleStartTests
{
    [Fact]
    public void TheHostMayOpenAPortBeforeTheDeviceWasAskedWhatPortsItHas() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            Assert.True(fixture.Console.Write(1, "hello"u8));
            await test.WhenIdle();
            Assert.Equal([ConsolePortEventKind.Opened, ConsolePortEventKind.Received], fixture.Client.Events);
            Assert.Equal(0, (await fixture.StatisticsAsync()).ControlIgnored);
        },
        configure: static console =>
        {
            console.Ports.Add(FakeConsole.Named(1, ConsoleFixture.PortName));
            var usual = console.Device.OnNotify;
            var isAsked = false;
            console.Device.OnNotify = queue =>
            {
                // QEMU looks at the host's sockets and at the driver's notifications in any order.
                if (queue == 3 && !isAsked)
                {
                    isAsked = true;
                    Assert.True(console.Say(1, FakeConsole.PortOpen, 1));
                }

                usual(queue);
            };
        });

    [Fact]
    public void NoPortIsLostThoughTheDeviceNamesAllAtOnceAndDropsWhatThereIsNoBufferFor() => ConsoleFixture.Run(
        async (test, fixture) =>
        {
            await fixture.AttachAsync(test);
            Assert.Equal([ConsolePortEventKind.Opened], fixture.Client.Events);
            Assert.Equal(VirtioConsoleDevice.MaximumPorts, (await fixture.StatisticsAsync()).Ports);
        },
        configure: static console =>
        {
            for (var number = 0; number < VirtioConsoleDevice.MaximumPorts - 1; number++)
            {
                console.Ports.Add(FakeConsole.Named(number, $"{number}"));
            }

            console.Ports.Add(FakeConsole.Named(VirtioConsoleDevice.MaximumPorts - 1, ConsoleFixture.PortName));
        },
        ports: 31);
}
