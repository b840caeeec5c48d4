using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Smp.Host;

namespace Troupe.Apps.Hosting;

/// <summary>What the world under an application offers: a Linux process, a guest's hardware, or a test's make-believe.</summary>
public interface IMachine
{
    /// <summary>The workers of the actor system; null for plain threads.</summary>
    IWorkerHost? WorkerHost { get; }

    /// <summary>Where secrets come from.</summary>
    IRandomness Randomness { get; }

    /// <summary>Is told of every failure of an actor, on the worker it happened on; null: standard error is, before the actor goes on.</summary>
    Action<ActorFailure>? OnFailure => null;

    /// <summary>What a thread parks on while a socket call blocks.</summary>
    IParker CreateParker() => new MonitorParker();

    /// <summary>
    /// Makes <see cref="Console.In"/> read what is typed at the machine's console. Starts nothing before the first read.
    /// </summary>
    void ConnectConsole(ActorSystem system);

    /// <summary>
    /// Starts the drivers of what the machine has, and answers with its network devices, in the order of the bus; none when the network is somebody
    /// else's (hosted, the host's).
    /// </summary>
    /// <param name="system">Where the drivers live.</param>
    /// <param name="offloads">Whether a network device may be left checksums and segmentation; without, all frames are complete, as stages between layers want them.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<ActorRef<NetworkDeviceMessage>>> StartAsync(ActorSystem system, bool offloads, CancellationToken cancellationToken);

    /// <summary>The block devices that <see cref="StartAsync"/> found, in the order of the bus; none where disks are somebody else's.</summary>
    ImmutableArray<ActorRef<BlockDeviceMessage>> BlockDevices => [];

    /// <summary>The devices with console ports that <see cref="StartAsync"/> found; none where there is no host to talk to.</summary>
    ImmutableArray<ActorRef<ConsolePortMessage>> ConsoleDevices => [];
}

/// <summary>The machine cannot run this application; the message says why, for whoever started it.</summary>
public sealed class MachineException(string message) : Exception(message);

/// <summary>A process, of Linux most likely: its sockets, its threads.</summary>
public sealed class HostedMachine : IMachine
{
    /// <inheritdoc/>
    public IWorkerHost? WorkerHost { get; } = OperatingSystem.IsLinux() ? new LinuxWorkerHost() : null;

    /// <inheritdoc/>
    public IRandomness Randomness { get; } = new EntropyPool();

    /// <inheritdoc/>
    public void ConnectConsole(ActorSystem system)
    {
        // The process has a standard input.
    }

    /// <inheritdoc/>
    public ValueTask<ImmutableArray<ActorRef<NetworkDeviceMessage>>> StartAsync(ActorSystem system, bool offloads, CancellationToken cancellationToken) => new([]);
}

/// <summary>Which machine this program was built for.</summary>
public static class Machine
{
    /// <summary>
    /// Whether this is a bootable image. The image's build fixes the switch, so that the trimmer leaves the other half of
    /// every question about it out.
    /// </summary>
    [FeatureSwitchDefinition("Troupe.Image")]
    public static bool IsImage => AppContext.TryGetSwitch("Troupe.Image", out bool image) && image;

    /// <summary>
    /// Whether the class library's sockets are served by our own stack: so in a bootable image unless its build says otherwise (TroupeSockets), and never
    /// hosted, where they are the host's.
    /// </summary>
    [FeatureSwitchDefinition("Troupe.Sockets")]
    public static bool HasSockets => AppContext.TryGetSwitch("Troupe.Sockets", out bool sockets) && sockets;

    internal static IMachine Create() => IsImage ? new Guest.GuestHost() : new HostedMachine();
}
