using System.Collections.Immutable;
using Troupe.Actors;
using Troupe.Drivers.Contracts;

namespace Troupe.Apps.Hosting;

/// <summary>A program of actors on its machine.</summary>
public sealed class UnikernelApplication : IAsyncDisposable
{
    private readonly IMachine _machine;
    private readonly NetworkOptions _network;
    private readonly FilesOptions _files;
    private readonly Lazy<Task<NetworkStack?>> _starting;
    private readonly TaskCompletionSource _stop = new(TaskCreationOptions.RunContinuationsAsynchronously);

    internal UnikernelApplication(ActorSystem actors, IMachine machine, NetworkOptions network, FilesOptions files)
    {
        Actors = actors;
        _machine = machine;
        _network = network;
        _files = files;
        _starting = new(StartOnceAsync);
        if (Machine.HasSockets)
            Smp.SystemNative.SocketServices.Install(ServeSockets);
    }

    /// <summary>The program's actors.</summary>
    public ActorSystem Actors { get; }

    /// <summary>Starts devices, files and network, once; answers with the stack, or null where the host's network is used.</summary>
    public Task<NetworkStack?> StartAsync() => _starting.Value;

    /// <summary>
    /// Starts, and answers with the machine's block devices (docs/storage.md), in the order of the bus. None hosted: there a program has the host's files.
    /// </summary>
    public async Task<ImmutableArray<ActorRef<BlockDeviceMessage>>> GetBlockDevicesAsync()
    {
        await StartAsync().ConfigureAwait(false);
        return _machine.BlockDevices;
    }

    /// <summary>
    /// Starts, and answers with the machine's devices that have console ports (docs/drivers.md), streams of octets to the host. None hosted, and none where the machine has no such device.
    /// </summary>
    public async Task<ImmutableArray<ActorRef<ConsolePortMessage>>> GetConsoleDevicesAsync()
    {
        await StartAsync().ConfigureAwait(false);
        return _machine.ConsoleDevices;
    }

    /// <summary>
    /// Starts, and has a host tool ask for snapshots, traces and swaps at the console port <c>org.troupe.monitor</c>, if there is one (docs/observability.md). Whoever can write to the port
    /// can change the program's behaviour. Does nothing hosted. An app that does not call it has none of it in its image.
    /// </summary>
    public async Task ServeMonitorAsync()
    {
        foreach (ActorRef<ConsolePortMessage> device in await GetConsoleDevicesAsync().ConfigureAwait(false))
            HostTools.MonitorActor.Start(Actors, device);
    }

    /// <summary>Starts, and runs until <see cref="Stop"/>.</summary>
    public async Task RunAsync()
    {
        await StartAsync().ConfigureAwait(false);
        await _stop.Task.ConfigureAwait(false);
        await DisposeAsync().ConfigureAwait(false);
    }

    /// <summary>Ends <see cref="RunAsync"/>.</summary>
    public void Stop() => _stop.TrySetResult();

    /// <summary>Makes files durable, and stops all actors.</summary>
    public ValueTask DisposeAsync()
    {
        _files.Leave();
        return Actors.DisposeAsync();
    }

    // In the program's first socket call: the calls of sockets may wait.
    private Guest.GuestSockets? ServeSockets() =>
        StartAsync().GetAwaiter().GetResult() is { } stack ? new(stack.CreateSockets(_machine, Smp.SystemNative.SocketServices.FirstDescriptor)) : null;

    private async Task<NetworkStack?> StartOnceAsync()
    {
        ImmutableArray<ActorRef<NetworkDeviceMessage>> devices =
            await _machine.StartAsync(Actors, _network.Stages is null, CancellationToken.None).ConfigureAwait(false);
        if (Machine.IsImage)
            await _files.EnterAsync(Actors, _machine).ConfigureAwait(false);
        if (_network.HasDevice)
            devices = [.. _network.Devices.Select(create => create(Actors))];
        return devices.IsEmpty
            ? null
            : await NetworkStack.StartAsync(Actors, devices, _network.Configuration, _machine.Randomness, CancellationToken.None).ConfigureAwait(false);
    }
}
