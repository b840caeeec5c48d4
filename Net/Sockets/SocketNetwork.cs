using Troupe.Actors;
using Troupe.Net.Contracts;

namespace Troupe.Net.Sockets;

/// <summary>What sockets need of a network stack and of the machine.</summary>
/// <param name="Tcp">The TCP layer.</param>
/// <param name="Udp">The UDP layer.</param>
/// <param name="Internet">The internet layers of each interface, and this host's addresses.</param>
/// <param name="Randomness">Where ports come from.</param>
/// <param name="Time">The clock of time limits.</param>
/// <param name="CreateParker">What a thread parks on while a call blocks; one for each thread that does.</param>
public sealed record SocketNetwork(
    ActorRef<TcpMessage> Tcp, ActorRef<UdpMessage> Udp, InternetLayers Internet, IRandomness Randomness, TimeProvider Time, Func<IParker> CreateParker)
{
    /// <summary>
    /// Until when a connect waits for the first address of its version before it says that the network is unreachable; counted from when the
    /// sockets began, so that a program may connect as its first act, and one that runs is told at once.
    /// </summary>
    public TimeSpan ConfigurationTimeout { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>When the sockets began, on the clock of <see cref="Time"/>.</summary>
    public long Began { get; init; } = Time.GetTimestamp();

    /// <summary>Datagrams of more than a frame's octets that may be on their way to the internet layer at once; each has a buffer of 64 KiB.</summary>
    public int LargeDatagrams { get; init; } = 16;

    /// <summary>Sockets, event ports included.</summary>
    public int Descriptors { get; init; } = 65_536;

    /// <summary>Octets of datagrams that wait in one socket unless it asks for another number; as on Linux, bookkeeping counts.</summary>
    public int DatagramBuffer { get; init; } = 212_992;

    /// <summary>The DNS servers, for who reads of them.</summary>
    public NameServers NameServers { get; init; } = new();

    /// <summary>What the layers counted, for who reads of it.</summary>
    public Func<IReadOnlyList<LayerCounters>> Counters { get; init; } = static () => [];

    /// <summary>TCP's limits and times, for who reads of them.</summary>
    public TcpConfiguration TcpConfiguration { get; init; } = new();

    /// <summary>Answers names; numbers and localhost need none.</summary>
    public IHostResolver Resolver { get; init; } = new LocalHostResolver();

    /// <summary>The machine's own name.</summary>
    public string HostName { get; init; } = "troupe";
}
