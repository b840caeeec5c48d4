using System.Net;
using System.Net.Sockets;
using Troupe.Actors;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;

namespace Troupe.Apps.Benchmark;

/// <summary>Sends every datagram back, for <c>./troupe bench io</c>: by an actor on our own stack, by a socket and a thread of its own on Linux.</summary>
internal static class DatagramEcho
{
    private const ushort Port = 8082;

    // No datagram that is measured is larger.
    private const int Length = 2048;

    public static async Task StartAsync(ActorSystem actors, Task<NetworkStack?> network)
    {
        if (!Machine.IsImage)
            new Thread(Serve) { IsBackground = true, Name = "datagrams" }.Start();
        else if (await network is { } stack)
            await stack.Udp.TellAsync(UdpMessage.Bind(Port, new Receiver(actors.Spawn(new Echo(stack.Udp, stack.Link), "datagrams"))));
    }

    private static void Serve()
    {
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        socket.Bind(new IPEndPoint(IPAddress.Any, Port));
        byte[] datagram = new byte[Length];
        SocketAddress sender = new(AddressFamily.InterNetwork);
        while (true)
        {
            int count = socket.ReceiveFrom(datagram, SocketFlags.None, sender);
            socket.SendTo(datagram.AsSpan(0, count), SocketFlags.None, sender);
        }
    }

    /// <summary>A datagram on its way to the actor.</summary>
    internal readonly struct Arrival(UdpDatagram datagram) : IDisposable
    {
        public UdpDatagram Datagram { get; } = datagram;

        public void Dispose() => Datagram.Dispose();
    }

    private sealed class Echo(ActorRef<UdpMessage> udp, LinkResources link) : Actor<Arrival>
    {
        protected override ValueTask ReceiveAsync(Arrival message)
        {
            using UdpDatagram question = message.Datagram;
            if (link.Frames.TryRent(out FrameBuffer frame))
            {
                frame.Append(question.Payload.Data);
                UdpMessage answer = UdpMessage.Send(new(frame, question.Destination, question.Source));
                if (!udp.TryTell(answer))
                    answer.Dispose();
            }

            return default;
        }
    }

    [SendableByContract("Does nothing but TryTell.")]
    private sealed class Receiver(ActorRef<Arrival> echo) : UdpReceiver
    {
        public override bool TryDeliver([MovesWhen(true)] in UdpDatagram datagram) => echo.TryTell(new(datagram));
    }
}
