using System.Buffers.Binary;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Tests;
using Troupe.Drivers.Tests.Xen;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// The guest's half of a Xen network card with another half that does what the input says: puts frames into the granted pages or anywhere, answers with any number, place, flags and length, claims any
/// number of responses, writes anywhere in the two rings, keeps pages that are wanted back, sends events. A violation is answered by a stop, as the driver's actor does; no frame is lost, and no grant.
/// </summary>
internal sealed class XenNetworkTarget() : FuzzTarget("xen-netfront")
{
    private const int ReceiveEntry = 8;
    private const int TransmitEntry = 12;
    private const int Entries = 64;
    private const int RingSize = 256;

    /// <summary>The longest packet of IP behind an Ethernet header with a tag.</summary>
    private const int LongestPacket = 65535 + 18;

    public override long MostAllocated => 4 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        // A frame, another at a place with flags, an event; two frames to send, taken, an event.
        [0, 0, 0, 60, 0, 0, .. new byte[60], 0, 3, 60, 64, 0, .. new byte[60], 5, 3, 40, 0, 3, 41, 1, 4, 7, 5],
        // An answer past its page; the other half keeps its pages through a restart; a claim of more than there is.
        [0, 1, 3, 0, 0, 16, 1, 0, 60, 0, 5, 9, 1, 9, 0, 2, 200, 0, 0, 0, 5, 9, 2],
        // A packet in two buffers with a slot that says how it is cut; one whose second buffer does not come.
        [3, 0, 13, 60, 0, 0, .. new byte[60], 1, 1, 0, 180, 5, 1, 0, 0, 0, 8, 1, 40, 0, 0, .. new byte[40], 5, 0, 5, 60, 0, 0, .. new byte[60], 5],
        // A client that holds what it gets, and more frames than there are buffers.
        [3, 7, 2, .. Enumerable.Repeat<byte[]>([0, 0, 20, 0, 0, .. new byte[20]], 6).SelectMany(static step => step), 5, 9, 0, 6, 1, 0, 0, 4, 9, 0, 0, 0, 5],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        Bench bench = new(reader.Byte());
        while (!reader.IsAtEnd)
            bench.Step(ref reader);
        bench.End();
    }

    private sealed class Bench
    {
        private readonly FakeFrontend _frontend = new();
        private readonly NetFrontDevice _device;
        private readonly RecordingClient _client = new();
        private readonly bool _completesChecksums;
        private NetFrontNumbers _numbers;
        private uint _delivered, _taken;
        private int _events;

        public Bench(int kind)
        {
            // More buffers than the ring has places, or fewer.
            NetFrontOptions options = new()
            {
                ReceiveFrameCount = (kind & 1) != 0 ? RingSize + 4 : 12,
                TransmitFrameCount = 8,
                BatchCount = 4,
                TransmitQueueLength = 4,
                ReceiveBudget = 3,
            };
            _completesChecksums = (kind & 2) != 0;
            _device = new(_frontend, _frontend.CreateArena(options.RequiredDmaMemory), options);
            _device.Attach(_client);
            Start();
        }

        public void Step(ref InputReader reader)
        {
            switch (reader.Byte() % 10)
            {
                case 0 or 8:
                    Deliver(reader.Byte(), reader.Byte(), reader.UInt16(), ref reader);
                    break;
                case 1:
                    Respond(reader.UInt16(), reader.UInt16(), reader.UInt16(), reader.UInt16());
                    break;
                case 2:
                    uint claimed = reader.UInt32();
                    Write(_numbers.ReceiveRing, 8, claimed);
                    break;
                case 3:
                    Send(reader.Byte(), reader.Byte());
                    break;
                case 4:
                    TakeSent(reader.Byte());
                    break;
                case 5:
                    _frontend.Channel.Raise();
                    break;
                case 6:
                    WriteAnywhere((reader.Byte() & 1) != 0 ? _numbers.TransmitRing : _numbers.ReceiveRing, reader.UInt16(), reader.Take(reader.Byte() % 16));
                    break;
                case 7:
                    (_client.Refuses, _client.Holds) = (reader.Byte() is var mood && (mood & 1) != 0, (mood & 2) != 0);
                    break;
                default:
                    Rest(reader.Byte());
                    break;
            }

            Serve();
        }

        public void End()
        {
            (_client.Refuses, _client.Holds, _frontend.IsMapped) = (false, false, false);
            Serve();
            foreach (byte[] frame in _client.Frames)
                Require(frame.Length is >= 14 and <= LongestPacket, $"a frame has {frame.Length} octets");
            _device.Stop();
            _client.Clear();
            Require(_device.ReceiveFrames.RentedCount == 0 && _device.TransmitFrames.RentedCount == 0, "a frame was lost");
            Require(_device.Batches.RentedCount == 0, "a batch was lost");
            Require(_device.ReceiveFrames.MisuseCount + _device.TransmitFrames.MisuseCount + _device.Batches.MisuseCount == 0, "a frame was used after it was given back");
            Require(_frontend.GrantCount == 0, "a grant was not taken back");
        }

        // As a backend does it: into the page that the next request grants, with its number, unless the input has destroyed the request.
        private void Deliver(int flags, int length, int offset, ref InputReader reader)
        {
            ReadOnlySpan<byte> octets = reader.Take(length);
            if (!_frontend.MayWrite(_numbers.ReceiveRing))
                return;
            Span<byte> ring = _frontend.Page(_numbers.ReceiveRing, toWrite: true);
            Span<byte> entry = ring[(Entries + ((int)(_delivered % RingSize) * ReceiveEntry))..];
            uint grant = BinaryPrimitives.ReadUInt32LittleEndian(entry[4..]);
            if (_frontend.MayWrite(grant) && offset + octets.Length <= 4096)
                octets.CopyTo(_frontend.Page(grant, toWrite: true)[offset..]);
            Respond(BinaryPrimitives.ReadUInt16LittleEndian(entry), (ushort)offset, (ushort)flags, (ushort)length);
        }

        private void Respond(ushort id, ushort offset, ushort flags, ushort status)
        {
            if (!_frontend.MayWrite(_numbers.ReceiveRing))
                return;
            Span<byte> entry = _frontend.Page(_numbers.ReceiveRing, toWrite: true)[(Entries + ((int)(_delivered % RingSize) * ReceiveEntry))..];
            BinaryPrimitives.WriteUInt16LittleEndian(entry, id);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[2..], offset);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[4..], flags);
            BinaryPrimitives.WriteUInt16LittleEndian(entry[6..], status);
            Write(_numbers.ReceiveRing, 8, ++_delivered);
        }

        private void TakeSent(int count)
        {
            if (!_frontend.MayWrite(_numbers.TransmitRing))
                return;
            Span<byte> ring = _frontend.Page(_numbers.TransmitRing, toWrite: true);
            for (int done = 0; done < count % 8 && _taken != BinaryPrimitives.ReadUInt32LittleEndian(ring); done++)
            {
                Span<byte> entry = ring[(Entries + ((int)(_taken++ % RingSize) * TransmitEntry))..];
                ushort id = BinaryPrimitives.ReadUInt16LittleEndian(entry[8..]);
                BinaryPrimitives.WriteUInt32LittleEndian(entry, id);
                BinaryPrimitives.WriteUInt32LittleEndian(ring[8..], _taken);
            }

            _frontend.Channel.Raise();
        }

        private void Write(uint grant, int at, uint value)
        {
            if (_frontend.MayWrite(grant))
                BinaryPrimitives.WriteUInt32LittleEndian(_frontend.Page(grant, toWrite: true)[at..], value);
        }

        private void WriteAnywhere(uint grant, int at, ReadOnlySpan<byte> octets)
        {
            if (!_frontend.MayWrite(grant))
                return;
            Span<byte> page = _frontend.Page(grant, toWrite: true)[(at % 4096)..];
            octets[..Math.Min(octets.Length, page.Length)].CopyTo(page);
        }

        private void Send(int length, int offload)
        {
            if (!_device.Batches.TryRent(out FrameBatch batch))
                return;
            if (_device.TransmitFrames.TryRent(out FrameBuffer frame))
            {
                frame.Append(new byte[length]);
                if ((offload & 1) != 0)
                    frame.SetOffload(new FrameOffload(FrameOffloadFlags.NeedsChecksum));
                if (!batch.TryAdd(frame))
                    frame.Dispose();
            }

            Guard(() => _device.Transmit(batch));
        }

        // The driver's timer goes off; before it the other half may close, or keep its pages.
        private void Rest(int choice)
        {
            _client.Clear();
            _frontend.IsMapped = (choice & 1) != 0;
            if ((choice & 2) != 0)
                _device.Stop();
            _device.CatchUp();
            if (!_device.IsRunning)
                Start();
        }

        // As the driver's actor does with its messages.
        private void Serve()
        {
            for (int turn = 0; _events > 0 && turn < 100; turn++)
            {
                _events = 0;
                Guard(() =>
                {
                    while (_device.Service())
                    {
                    }
                });
            }
        }

        private void Guard(Action action)
        {
            try
            {
                action();
            }
            catch (XenViolationException)
            {
                _device.Stop();
            }
        }

        private void Start()
        {
            if (!_device.TryPrepare(1, () => _events++, out NetFrontNumbers[] numbers))
                return;
            (_numbers, _delivered, _taken) = (numbers[0], 0, 0);
            _device.Start(new(new(0x0016_3E01_0203), _completesChecksums ? FrameOffloadFlags.NeedsChecksum | FrameOffloadFlags.SegmentsIpv4 : FrameOffloadFlags.None, _completesChecksums));
        }
    }
}
