using System.Buffers.Binary;
using System.IO.Pipelines;
using Troupe.Actors.TestKit;
using Troupe.Apps.Hosting;
using Troupe.Drivers.Contracts;
using Troupe.Net.Contracts;
using Troupe.Net.Wire;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// A whole stack in virtual time, with a listener and its application, and at the other end of the link what the input says: frames, packets with right checksums, segments of
/// a connection whose numbers are near the right ones, time that passes, and what the application does. No actor fails, nobody goes round in circles, and when all is over
/// every frame is back in its pool.
/// </summary>
internal sealed class StackTarget() : FuzzTarget("stack")
{
    private const ushort Port = 80;
    private const byte Syn = (byte)TcpFlags.Syn;
    private const byte Ack = (byte)TcpFlags.Ack;
    private const byte Fin = (byte)(TcpFlags.Fin | TcpFlags.Ack);
    private const byte Rst = (byte)TcpFlags.Rst;
    private const byte SegmentStep = 2;
    private const byte Wait = 3;

    public override int LongestInput => 1024;

    public override long MostAllocated => 64 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        // Open, ten octets, an answer, its acknowledgement, an end from either side.
        [.. Segment(Syn), .. Segment(Ack), .. Segment(Ack, 10), 4, 20, .. Segment(Ack), 5, .. Segment(Fin), 7, .. Segment(Ack), Wait, 10, 0],
        // A hole that is filled; a window that is shut.
        [.. Segment(Syn), .. Segment(Ack), SegmentStep, Ack, 10, 0, 0, 0, 0xFF, 0xFF, 0, 10, .. Segment(Ack, 10), 4, 200, SegmentStep, Ack, 0, 0, 0, 0, 0, 0, 0, 0, Wait, 0, 20],
        [.. Segment(Syn), .. Segment(Ack), .. Segment(Rst)],
        [1, 1, 12, 0, 8, 0, 0, 0, 0, 1, 0, 1, 1, 2, 3, 4],
        [1, 17, 12, 0, 0, 53, 0, 80, 0, 12, 0, 0, 1, 2, 3, 4],
        [6, 135, 0, 20, 0, 0, 0, 0, 0, 0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2],
        [0, 60, 0, .. Packets.Ethernet(EtherType.Ipv4, Packets.Ipv4(IpProtocol.Udp, new byte[26], more: true))],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        byte[] steps = input.ToArray();
        TestSystem.Run(
            async test =>
            {
                Bench bench = new(test, steps);
                await bench.RunAsync();
                Require(test.System.FailureCount == 0, "an actor failed");
            },
            new() { Seed = 1, MaximumSteps = 500_000 });
    }

    // Flags, the distances of both numbers from the right ones, the window, octets of options, octets of data.
    private static byte[] Segment(byte flags, byte octets = 0) => [SegmentStep, flags, 0, 0, 0, 0, 0xFF, 0xFF, 0, octets];

    private sealed class Bench(TestSystem test, byte[] input) : NetworkDeviceClient, IRandomness
    {
        private readonly Random _random = new(1);
        private readonly InProcessLink _link = new(test.System, frames: 128);
        private ReadOnlyMemory<byte> _rest = input;
        private NetworkStack _stack = null!;
        private TcpConnection? _connection;
        private Task _writing = Task.CompletedTask;
        private uint _ownNext = 1000;
        private uint _hostNext;

        public void Fill(Span<byte> bytes) => _random.NextBytes(bytes);

        public async Task RunAsync()
        {
            await _link.First.TellAsync(NetworkDeviceMessage.Attach(this));
            _stack = await NetworkStack.StartAsync(test.System, _link.Second, new() { Static = new(new(Packets.Second, 24), Packets.First) }, this);
            byte[] arp = new byte[ArpPacket.Length];
            ArpPacket.Request(new(0x0200_0000_0001), Packets.First, Packets.Second).Write(arp);
            await SendAsync(Packets.Ethernet(EtherType.Arp, arp));
            TcpListener listener = (await _stack.ListenAsync(Port, new() { RunsInTurns = true }))!;
            Task accepting = AcceptAsync(listener);
            while (!_rest.IsEmpty)
                await StepAsync();
            _connection?.Abort();
            await listener.DisposeAsync();
            await accepting;
            await test.AdvanceAsync(TimeSpan.FromMinutes(10));
            Require(_writing.IsCompleted, "a write is not over though its connection was aborted");
            Require(_stack.Link.Frames is { RentedCount: 0, MisuseCount: 0 }, $"{_stack.Link.Frames.RentedCount} frames are not back, {_stack.Link.Frames.MisuseCount} were given back twice");
        }

        protected override bool TryTell(in NetworkDeviceEvent deviceEvent)
        {
            if (deviceEvent.Kind != NetworkDeviceEventKind.Received)
                return true;
            FrameBatch frames = deviceEvent.Frames;
            while (frames.TryTake(out FrameBuffer frame))
            {
                See(frame.Data);
                frame.Dispose();
            }

            frames.Dispose();
            return true;
        }

        // The connection's last number, so that the input's are near it.
        private void See(ReadOnlySpan<byte> frame)
        {
            ReadOnlySpan<byte> packet = frame[EthernetHeader.Length..];
            if (Ipv4View.TryParse(packet, out Ipv4View view) != WireError.None || view.Protocol != IpProtocol.Tcp
                || TcpHeader.TryParse(view.Payload, view.Source, view.Destination, out TcpHeader header, out int length) != WireError.None)
                return;
            _hostNext = header.Sequence.Value + (uint)(view.Payload.Length - length) + (header.Has(TcpFlags.Syn) || header.Has(TcpFlags.Fin) ? 1u : 0);
        }

        private async Task AcceptAsync(TcpListener listener)
        {
            while (await listener.AcceptAsync() is { } connection)
            {
                if (_connection is not null)
                    connection.Abort();
                _connection ??= connection;
            }
        }

        private async Task StepAsync()
        {
            (int kind, byte[] argument) = Take();
            switch (kind)
            {
                case 0 or 1 or SegmentStep or 6:
                    await SendAsync(argument);
                    break;
                case Wait:
                    await test.AdvanceAsync(TimeSpan.FromMilliseconds(BinaryPrimitives.ReadUInt16LittleEndian(argument)));
                    break;
                case 4 when _connection is { } connection && _writing.IsCompletedSuccessfully:
                    _writing = WriteAsync(connection, argument[0] * 50);
                    break;
                case 5 when _connection is { } connection:
                    Read(connection);
                    break;
                case 7 when _connection is { } connection && _writing.IsCompleted:
                    await EndOutputAsync(connection);
                    break;
            }

            await test.WhenIdle();
        }

        private static void Read(TcpConnection connection)
        {
            try
            {
                if (connection.Input.TryRead(out ReadResult read))
                    connection.Input.AdvanceTo(read.Buffer.End);
            }
            catch (TcpConnectionException)
            {
                // It was reset.
            }
        }

        private static async Task EndOutputAsync(TcpConnection connection)
        {
            try
            {
                await connection.Output.CompleteAsync();
            }
            catch (TcpConnectionException)
            {
                // It was reset.
            }
        }

        private static async Task WriteAsync(TcpConnection connection, int octets)
        {
            try
            {
                await connection.Output.WriteAsync(new byte[octets]);
            }
            catch (Exception ended) when (ended is TcpConnectionException or InvalidOperationException)
            {
                // It was reset, or the application had ended its output before.
            }
        }

        private (int Kind, byte[] Argument) Take()
        {
            InputReader reader = new(_rest.Span);
            int kind = reader.Byte() & 7;
            byte[] argument = kind switch
            {
                0 => reader.Take(reader.UInt16() % 1515).ToArray(),
                1 => Packet((IpProtocol)reader.Byte(), reader.Take(reader.UInt16() % 1480)),
                SegmentStep => Segment(ref reader),
                Wait => reader.UInt16() is var time ? [(byte)time, (byte)(time >> 8)] : [],
                4 => [reader.Byte()],
                6 => Icmpv6(reader.Byte(), reader.Byte(), reader.Take(reader.Byte())),
                _ => [],
            };
            _rest = _rest[(_rest.Length - reader.Rest().Length)..];
            return (kind, argument);
        }

        private static byte[] Packet(IpProtocol protocol, ReadOnlySpan<byte> payload)
        {
            int at = protocol switch { IpProtocol.Tcp => TcpHeader.ChecksumOffset, IpProtocol.Udp => 6, IpProtocol.Icmp or IpProtocol.Igmp => 2, _ => -1 };
            ulong sum = protocol is IpProtocol.Tcp or IpProtocol.Udp ? InternetChecksum.AddPseudoHeader(0, Packets.First, Packets.Second, (byte)protocol, payload.Length) : 0;
            return Packets.Ethernet(EtherType.Ipv4, Packets.Ipv4(protocol, at < 0 ? payload.ToArray() : Packets.WithChecksum(payload, at, sum)));
        }

        private byte[] Segment(ref InputReader reader)
        {
            TcpFlags flags = (TcpFlags)reader.Byte();
            short ahead = (short)reader.UInt16();
            uint acknowledged = _hostNext + (uint)(short)reader.UInt16();
            ushort window = reader.UInt16();
            byte[] options = reader.Take(reader.Byte() % 41 / 4 * 4).ToArray();
            int octets = reader.Byte();
            byte[] segment = new byte[TcpHeader.MinimumLength + options.Length + octets];
            new TcpHeader(4000, Port, new(_ownNext + (uint)ahead), new(acknowledged), flags, window, default).Write(segment, Packets.First, Packets.Second);
            options.CopyTo(segment, TcpHeader.MinimumLength);
            segment[12] = (byte)((TcpHeader.MinimumLength + options.Length) / 4 << 4);
            if (ahead == 0)
                _ownNext += (uint)octets + ((flags & (TcpFlags.Syn | TcpFlags.Fin)) != 0 ? 1u : 0);
            return Packet(IpProtocol.Tcp, segment);
        }

        private static byte[] Icmpv6(byte type, byte code, ReadOnlySpan<byte> body)
        {
            byte[] message = [type, code, 0, 0, .. body];
            ulong sum = InternetChecksum.AddPseudoHeader(0, Packets.FirstV6, Ipv6Address.AllNodes, (byte)IpProtocol.Icmpv6, message.Length);
            byte[] packet = new byte[Ipv6Header.Length + message.Length];
            new Ipv6Header(Packets.FirstV6, Ipv6Address.AllNodes, IpProtocol.Icmpv6, 255).Write(packet, message.Length);
            Packets.WithChecksum(message, 2, sum).CopyTo(packet, Ipv6Header.Length);
            byte[] frame = Packets.Ethernet(EtherType.Ipv6, packet);
            Ipv6Address.AllNodes.MulticastHardware.Write(frame);
            return frame;
        }

        private async Task SendAsync(byte[] bytes)
        {
            if (!_link.FirstInformation.Batches.TryRent(out FrameBatch batch))
                return;
            if (_link.FirstInformation.TransmitFrames.TryRent(out FrameBuffer frame))
            {
                frame.Append(bytes);
                if (!batch.TryAdd(frame))
                    frame.Dispose();
            }

            await _link.First.TellAsync(NetworkDeviceMessage.Transmit(batch));
            await test.WhenIdle();
        }
    }
}
