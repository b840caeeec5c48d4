using System.Buffers;
using System.IO.Pipelines;
using Troupe.Actors;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Tcp;
using Troupe.Net.Wire;

namespace Troupe.Verification.Coyote;

/// <summary>What a wire does to segments besides carrying them.</summary>
internal enum WireDefect
{
    None,

    /// <summary>Planted: a FIN is carried, and its frame is never given back.</summary>
    KeepsFins,

    /// <summary>Carries nothing to the second host once data has come through: the first is left alone.</summary>
    Cut,
}

/// <summary>One host: its TCP layer and what that needs of a device.</summary>
internal sealed class TcpHost
{
    private TcpHost(Ipv4Address address, FramePool frames, FrameBatchPool batches, ActorRef<TcpMessage> tcp) =>
        (Address, Frames, Batches, Tcp) = (address, frames, batches, tcp);

    public Ipv4Address Address { get; }

    public FramePool Frames { get; }

    public FrameBatchPool Batches { get; }

    public ActorRef<TcpMessage> Tcp { get; }

    public static TcpHost Create(ActorSystem system, TimeProvider time, byte number, ActorRef<IpMessage> wire, TcpConfiguration configuration)
    {
        var address = Ipv4Address.From(10, 0, 0, number);
        var frames = FramePool.Create(new FramePoolOptions { FrameCount = 32, FrameSize = 512 });
        var batches = FrameBatchPool.Create(32, 4);
        var addresses = new LocalAddresses();
        addresses.SetIpv4([new LocalAddress(address, 24)]);
        var link = new LinkResources(frames, batches, new MacAddress(number), 1500);
        var internet = new InternetLayers([new InternetInterface(0, link, wire, null, addresses)]);
        var layer = new TcpActor(configuration, link, internet, new Counting(number), time, new LayerCounters("TCP"));
        return new TcpHost(address, frames, batches, system.Spawn(layer, $"tcp-{number}"));
    }

    /// <summary>Connects, in a turn of an actor.</summary>
    public ValueTask<TcpConnection> ConnectAsync(IpEndPoint remote, ushort port = 0) => Tcp.AskAsync<TcpConnection>(
        reply => TcpMessage.Connect(new(remote, new TcpApplicationOptions { Scheduler = PipeScheduler.Inline }, reply) { Local = new(default(Ipv4Address), port) }), TimeSpan.FromMinutes(10));

    /// <summary>Listens, in a turn of an actor, which is told of each arrival.</summary>
    public ValueTask<TcpListener?> ListenAsync(ushort port, int backlog, Action arrived) => Tcp.AskAsync<TcpListener?>(
        reply => TcpMessage.Listen(new(new(Address, port), new TcpApplicationOptions { Scheduler = PipeScheduler.Inline, Arrived = arrived }, reply) { Backlog = backlog }), TimeSpan.FromMinutes(10));

    /// <summary>Numbers that are the same in each schedule.</summary>
    private sealed class Counting(byte first) : IRandomness
    {
        private byte _next = first;

        public void Fill(Span<byte> bytes)
        {
            foreach (ref var octet in bytes) octet = _next++;
        }
    }
}

/// <summary>Two hosts with a real TCP layer each, and between them a wire each way, which is an actor, so that segments are on their way while others run.</summary>
internal sealed class TcpPair
{
    public TcpPair(ActorSystem system, SteppedTime time, WireDefect defect = WireDefect.None, TcpConfiguration? configuration = null)
    {
        configuration ??= new TcpConfiguration();
        var (toSecond, toFirst) = (new Wire(defect), new Wire(defect == WireDefect.Cut ? WireDefect.None : defect));
        First = TcpHost.Create(system, time, 1, system.Spawn(toSecond, "wire-1"), configuration);
        Second = TcpHost.Create(system, time, 2, system.Spawn(toFirst, "wire-2"), configuration);
        (toSecond.Peer, toFirst.Peer) = (Second.Tcp, First.Tcp);
    }

    public TcpHost First { get; }

    public TcpHost Second { get; }

    /// <summary>Nothing may be left of connections that have ended and whose TIME-WAIT is over.</summary>
    public void CheckEverythingIsGivenBack()
    {
        foreach (var host in new[] { First, Second })
        {
            Assert.True(host.Frames.RentedCount == 0, $"{host.Address}: {host.Frames.RentedCount} frames are not given back");
            Assert.True(host.Batches.RentedCount == 0, $"{host.Address}: {host.Batches.RentedCount} batches are not given back");
            Assert.True(host.Frames.MisuseCount + host.Batches.MisuseCount == 0, $"{host.Address}: something is given back twice");
        }
    }

    /// <summary>Everything the peer sends until its FIN.</summary>
    public static async ValueTask<byte[]> ReadAllAsync(PipeReader reader)
    {
        var bytes = new List<byte>();
        while (true)
        {
            var result = await reader.ReadAsync();
            bytes.AddRange(result.Buffer.ToArray());
            reader.AdvanceTo(result.Buffer.End);
            if (result.IsCompleted) return [.. bytes];
        }
    }

    /// <summary>The layer below: writes IP's header before each segment and carries it over.</summary>
    private sealed class Wire(WireDefect defect) : Actor<IpMessage>
    {
        private bool _isCut;

        public ActorRef<TcpMessage> Peer { get; set; } = null!;

        protected override ValueTask ReceiveAsync(IpMessage message)
        {
            var segments = message.Frames;
            var last = TcpFlags.None;
            for (var i = 0; i < segments.Count; i++)
            {
                var segment = segments[i];
                Assert.Equal(WireError.None, TcpHeader.TryParse(segment.Data, message.Source, message.Destination, out var header, out var headerLength));
                last = header.Flags;
                var length = segment.TotalLength;
                var carriesData = length > headerLength;
                new Ipv4Header(message.Source.Ipv4, message.Destination.Ipv4, IpProtocol.Tcp, 0).Write(segment.Prepend(Ipv4Header.Length), length);
                if (defect == WireDefect.Cut && carriesData && !_isCut)
                {
                    _isCut = true;
                    Assert.True(Peer.TryTell(TcpMessage.Received(segments)));
                    return default;
                }
            }

            if (defect == WireDefect.KeepsFins && segments.Count == 1 && (last & TcpFlags.Fin) != 0) segments.TryTake(out _);
            if (_isCut || segments.Count == 0 || !Peer.TryTell(TcpMessage.Received(segments))) segments.Dispose();
            return default;
        }
    }
}
