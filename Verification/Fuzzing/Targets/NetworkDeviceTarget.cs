using Troupe.Drivers.Contracts;
using Troupe.Drivers.Tests;
using Troupe.Drivers.Virtio;
using Troupe.Drivers.VirtioNet;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// The driver of virtio-net with a device that does what the input says: gives back buffers it has or has not, with any header and any length, writes anywhere in the used
/// rings, interrupts, changes its configuration, asks for a reset. A violation is answered by a reset, as the driver's actor does; no frame is lost.
/// </summary>
internal sealed class NetworkDeviceTarget() : FuzzTarget("virtio-net")
{
    private const int HeaderLength = 12;
    private const ulong EventIndex = VirtioFeatures.EventIndex;

    // Two pools of frames and the rings; a start takes rings anew.
    public override long MostAllocated => 4 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        [0, 0, 60, 0, .. new byte[10], 1, 0, .. new byte[48], 3, 40, 2, 2, 5],
        [7, 0, 60, 0, 1, 0, 0, 0, 0, 0, 20, 0, 6, 0, 1, 0, .. new byte[48], 4, 9, 0],
        [7, 8, 0, 1, 1, 0, 0, 0, 0, 0, 20, 0, 6, 0, 2, 0, .. new byte[60], 8, 20, 0, .. new byte[20], 1, 2, 0, 5, 0, 0, 0],
        [3, 1, 255, 255, 60, 0, 0, 0, 6, 7, 0, 1, 0, 5, 0, 0],
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
        private readonly FakeMemory _memory = new();
        private readonly FakeVirtioDevice _device;
        private readonly FakeArena _arena;
        private readonly VirtioNetDevice _driver;
        private readonly RecordingClient _client = new();
        private int _interrupts;

        public Bench(int kind)
        {
            ulong features = ((kind & 1) != 0 ? EventIndex : 0) | (1UL << 3) | (1UL << 5) | (1UL << 16) | ((kind & 2) != 0 ? (1UL << 0) | (1UL << 1) | (1UL << 11) | (1UL << 12) : 0)
                | ((kind & 4) != 0 ? (1UL << 15) | (1UL << 7) | (1UL << 8) : 0);
            _device = new(_memory, VirtioDeviceType.Network, 2, 4, features);
            new byte[] { 0x52, 0x54, 0, 0x12, 0x34, 0x56, 1, 0, 0, 0, 0xDC, 0x05 }.CopyTo(_device.Configuration, 0);
            _arena = new(_memory);
            _driver = new(VirtioMmioTransport.Open(new FakeMmioDevice(_device)), _arena, new()
            {
                RingSizeLimit = 4,
                ReceiveFrameCount = 10,
                TransmitFrameCount = 6,
                BatchCount = 4,
                TransmitQueueLength = 4,
                FrameSize = 512,
            });
            _driver.Attach(_client);
            Start();
        }

        public void Step(ref InputReader reader)
        {
            switch (reader.Byte() % 10)
            {
                case 0 or 8:
                    Receive(ref reader);
                    break;
                case 1:
                    Push(reader.Byte() & 1, reader.UInt16() is var head && head == ushort.MaxValue ? uint.MaxValue : head, reader.UInt32());
                    break;
                case 2:
                    WriteUsed(reader.Byte() & 1, reader.UInt16(), reader.Take(reader.Byte() % 16));
                    break;
                case 3:
                    Send(reader.Byte());
                    break;
                case 4:
                    if (_device.Queues[1].Ready && _device.Queues[1].TryPop(out int sent, out _))
                        _device.Queues[1].PushAndInterrupt((uint)sent, reader.Byte());
                    break;
                case 5:
                    _device.InterruptQueue(0);
                    break;
                case 6:
                    int at = reader.Byte() % _device.Configuration.Length;
                    _device.Configuration[at] = reader.Byte();
                    _device.ChangeConfiguration();
                    break;
                case 7:
                    (_client.Refuses, _client.Holds) = (reader.Byte() is var mood && (mood & 1) != 0, (mood & 2) != 0);
                    break;
                default:
                    _client.Clear();
                    Guard(_driver.CatchUp);
                    if ((reader.Byte() & 7) == 0)
                        _device.AskForReset();
                    break;
            }

            Run();
        }

        public void End()
        {
            (_client.Refuses, _client.Holds) = (false, false);
            Run();
            foreach (byte[] frame in _client.Frames)
                Require(frame.Length >= 14, "a frame is shorter than its header");
            _driver.Stop();
            _client.Clear();
            Require(_driver.ReceiveFrames.RentedCount == 0 && _driver.TransmitFrames.RentedCount == 0, "a frame was lost");
            Require(_driver.Batches.RentedCount == 0, "a batch was lost");
            Require(_driver.ReceiveFrames.MisuseCount + _driver.TransmitFrames.MisuseCount + _driver.Batches.MisuseCount == 0, "a frame was used after it was given back");
            Require(_arena.BytesInQuarantine == 0, "memory was not given back after the reset");
        }

        // A header and a packet in as many buffers as it takes.
        private void Receive(ref InputReader reader)
        {
            byte[] bytes = reader.Take(reader.UInt16() % 1600).ToArray();
            FakeQueue queue = _device.Queues[0];
            List<(uint Head, uint Length)> used = [];
            for (int done = 0; (done < bytes.Length || used.Count == 0) && queue.Ready && queue.TryPop(out int head, out List<FakeQueue.Piece> pieces);)
            {
                FakeQueue.Piece piece = Assert.Single(pieces);
                Assert.True(piece.Writable && piece.Length > HeaderLength);
                int count = Math.Min(piece.Length, bytes.Length - done);
                bytes.AsSpan(done, count).CopyTo(_memory.At(piece.Address, piece.Length));
                used.Add(((uint)head, (uint)count));
                done += count;
            }

            bool interrupts = false;
            foreach ((uint head, uint length) in used)
                interrupts |= queue.Push(head, length);
            if (interrupts)
                _device.InterruptQueue(0);
        }

        private void Push(int queue, uint head, uint length)
        {
            if (_device.Queues[queue].Ready)
                _device.Queues[queue].PushAndInterrupt(head, length);
        }

        private void WriteUsed(int queue, int at, ReadOnlySpan<byte> octets)
        {
            FakeQueue target = _device.Queues[queue];
            if (!target.Ready)
                return;
            int length = 4 + (8 * target.Size) + 2;
            at %= length;
            octets[..Math.Min(octets.Length, length - at)].CopyTo(_memory.At(target.Used + (ulong)at, length - at));
        }

        private void Send(int length)
        {
            if (!_driver.Batches.TryRent(out FrameBatch batch))
                return;
            if (_driver.TransmitFrames.TryRent(out FrameBuffer frame))
            {
                frame.Append(new byte[14 + length]);
                if (!batch.TryAdd(frame))
                    frame.Dispose();
            }

            Guard(() => _driver.Transmit(batch));
        }

        // As the driver's actor does with its messages.
        private void Run()
        {
            for (int turn = 0; _interrupts > 0 && turn < 100; turn++)
            {
                _interrupts = 0;
                Guard(() =>
                {
                    if (!_driver.TakeInterrupt())
                    {
                        Start();
                        return;
                    }

                    while (_driver.Service())
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
            catch (DeviceViolationException)
            {
                Start();
            }
        }

        private void Start() => _driver.Start(() => _interrupts++);
    }
}
