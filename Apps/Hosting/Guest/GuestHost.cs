using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Discovery;
using Troupe.Drivers.SerialConsole;
using Troupe.Drivers.Xen;
using Troupe.Net.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.Hosting.Guest;

/// <summary>The machine of a bootable image: discovery finds the devices, and the drivers linked into the image take them.</summary>
internal sealed class GuestHost : IMachine
{
    private readonly GuestMachine _machine = new();
    private readonly FailureReports _failures = new(Console.OpenStandardError(), new LastWords(FailureReports.WordsWaiting));

    internal GuestHost()
    {
        AppDomain.CurrentDomain.ProcessExit += (_, _) => _failures.Flush();
        AppDomain.CurrentDomain.UnhandledException += (_, _) => _failures.Flush();
    }

    /// <inheritdoc/>
    public IWorkerHost? WorkerHost => _machine.Workers;

    /// <inheritdoc/>
    public IRandomness Randomness { get; } = new KernelRandomness();

    /// <inheritdoc/>
    public ImmutableArray<ActorRef<BlockDeviceMessage>> BlockDevices { get; private set; } = [];

    /// <inheritdoc/>
    public Action<ActorFailure>? OnFailure => _failures.Report;

    /// <inheritdoc/>
    public ImmutableArray<ActorRef<ConsolePortMessage>> ConsoleDevices { get; private set; } = [];

    /// <inheritdoc/>
    public IParker CreateParker() => GuestMachine.CreateParker();

    /// <inheritdoc/>
    public void ConnectConsole(ActorSystem system) => Console.SetIn(new LazyReader(() => OpenConsole(system)));

    /// <inheritdoc/>
    public async ValueTask<ImmutableArray<ActorRef<NetworkDeviceMessage>>> StartAsync(ActorSystem system, bool offloads, CancellationToken cancellationToken)
    {
        ImmutableArray<DriverFactory> drivers = [new VirtioNetFactory(offloads), new Rtl8139Factory(), new VirtioBlkFactory(), new VirtioRngFactory(), new VirtioConsoleFactory()];
        ImmutableArray<DeviceBus> buses = [DeviceBus.Pci, DeviceBus.VirtioMmio];
        ActorRef<XenStoreMessage>? store = _machine.Xen is { } domain ? XenParts.Start(system, domain) : null;
        if (store is not null)
        {
            drivers = [new NetFrontFactory(store, offloads), new BlkFrontFactory(store), .. drivers];
            buses = [.. buses, DeviceBus.Xen];
        }

        ActorRef<DeviceRegistrarMessage> registrar = system.Spawn(new DeviceRegistrar(drivers, buses), "devices");
        system.Spawn(new PciDiscovery(_machine.PciBus, registrar), "pci");
        system.Spawn(new VirtioMmioDiscovery(_machine.VirtioMmioBus, registrar), "virtio-mmio");
        if (store is not null)
        {
            system.Spawn(new XenDiscovery(store, _machine.Xen!.OpenFrontend, registrar), "xen");
        }

        ImmutableArray<DeviceEntry> devices = await registrar.AskAsync<ImmutableArray<DeviceEntry>>(
            static reply => new DeviceRegistrarMessage.GetDevices(reply), cancellationToken: cancellationToken).ConfigureAwait(false);
        foreach (DeviceEntry device in devices)
        {
            if (device.Problem is { } problem)
            {
                await Console.Error.WriteLineAsync($"{device.Device.Name}: {device.DriverName} cannot drive it: {problem}").ConfigureAwait(false);
            }
        }

        foreach (ActorRef<EntropyMessage> source in devices.Select(static device => device.Driver).OfType<ActorRef<EntropyMessage>>())
        {
            system.Spawn(new EntropyFeeder(source), $"entropy from {source.Name}");
        }

        ConsoleDevices = [.. devices.Select(static device => device.Driver).OfType<ActorRef<ConsolePortMessage>>()];
        BlockDevices = [.. devices.Select(static device => device.Driver).OfType<ActorRef<BlockDeviceMessage>>()];
        return [.. devices.Select(static device => device.Driver).OfType<ActorRef<NetworkDeviceMessage>>().Take(InternetInterface.Most)];
    }

    private TextReader OpenConsole(ActorSystem system)
    {
        if (!SerialConsoleDriver.IsPresent(_machine.SerialConsole.OpenRegisters()))
        {
            return TextReader.Null;
        }

        // Standard output is the kernel's way to the port: it stays the only transmitter.
        LineDiscipline input = new();
        Stream transmitter = Console.OpenStandardOutput();
        ActorRef<ConsoleMessage> driver = system.Spawn(
            () => new SerialConsoleDriver(_machine.SerialConsole, input, transmitter),
            new SpawnOptions { Name = "serial console", OnFailure = FailurePolicy.Restart });
        input.OnRoom = () => driver.TryTell(ConsoleMessage.Resume());
        return new StreamReader(new SerialInputStream(input));
    }
}
