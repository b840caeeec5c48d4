using Troupe.Drivers.Contracts;
using Troupe.Drivers.Rtl8139;
using Troupe.Drivers.Tests;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// The driver of the RTL8139 with a card that does what the input says: any packet header, any claim of how far it has written or whether there is anything, any outcome of sending, any interrupt, gone and
/// back. A lie is answered by a reset, as the driver's actor does; no frame is lost, and what the client gets is as long as a frame can be.
/// </summary>
internal sealed class Rtl8139Target() : FuzzTarget("rtl8139")
{
    private const int ShortestFrame = 14, LongestFrame = 1518;

    // Ring, buffers and two pools of frames.
    public override long MostAllocated => 4 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        // Two packets, a frame to send and sent; the link goes.
        [0, 60, 0, .. new byte[60], 0, 100, 0, .. new byte[100], 2, 40, 3, 0, 5, 0],
        // A packet of 64 bytes with its true header; one that says that it is longer, and a claim of that.
        [1, 1, 0, 68, 0, 64, 0, .. new byte[64], 1, 1, 0, 72, 1, 64, 1, 80, 0, .. new byte[64], 4, 1, 0],
        // A client that holds what it gets, and more packets than there are frames.
        [6, 2, .. Enumerable.Repeat<byte[]>([0, 20, 0, .. new byte[20]], 8).SelectMany(static step => step), 8, 8, 7, 1, 9],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        InputReader reader = new(input);
        Bench bench = new();
        while (!reader.IsAtEnd)
            bench.Step(ref reader);
        bench.End();
    }

    private sealed class Bench
    {
        private readonly FakeRtl8139 _card;
        private readonly Rtl8139Device _driver;
        private readonly RecordingClient _client = new();
        private int _interrupts;

        public Bench()
        {
            FakeMemory memory = new(firstAddress: 0);
            _card = new(memory) { SendsAtOnce = false };
            _driver = new(_card, new FakeArena(memory), new() { ReceiveFrameCount = 6, TransmitFrameCount = 6, BatchCount = 4, TransmitQueueLength = 4, ReceiveBudget = 3 });
            _driver.Attach(_client);
            Start();
        }

        public void Step(ref InputReader reader)
        {
            switch (reader.Byte() % 10)
            {
                case 0:
                    _card.TryReceive(reader.Take(reader.UInt16() % 2000).ToArray());
                    break;
                case 1:
                    ushort status = reader.UInt16();
                    int length = reader.UInt16();
                    int there = reader.Byte();
                    int? claimed = (reader.Byte() & 1) != 0 ? reader.UInt16() : null;
                    _card.Put(status, length, reader.Take(there).ToArray(), claimed);
                    break;
                case 2:
                    Send(reader.Byte());
                    break;
                case 3:
                    _card.TrySend((reader.Byte() & 3) switch { 0 => 1u << 15, 1 => 1u << 14, 2 => 1u << 30, _ => 0 });
                    break;
                case 4:
                    _card.Raise(reader.UInt16());
                    break;
                case 5:
                    _card.SetLink((reader.Byte() & 1) != 0);
                    break;
                case 6:
                    (_client.Refuses, _client.Holds) = (reader.Byte() is var mood && (mood & 1) != 0, (mood & 2) != 0);
                    break;
                case 7:
                    _card.ClaimsEmpty = (reader.Byte() & 3) switch { 0 => false, 1 => true, _ => null };
                    break;
                case 8:
                    _client.Clear();
                    Guard(_driver.CatchUp);
                    Guard(() => _driver.Service());
                    break;
                default:
                    _card.IsDead = true;
                    Guard(_driver.TakeInterrupt);
                    break;
            }

            Run();
        }

        public void End()
        {
            (_client.Refuses, _client.Holds) = (false, false);
            Run();
            foreach (byte[] frame in _client.Frames)
                Require(frame.Length is >= ShortestFrame and <= LongestFrame, "a frame has a length that none has");
            _driver.Stop();
            _client.Clear();
            Require(!_card.IsBusMaster, "a card that was stopped reaches memory");
            Require(_driver.ReceiveFrames.RentedCount == 0 && _driver.TransmitFrames.RentedCount == 0, "a frame was lost");
            Require(_driver.Batches.RentedCount == 0, "a batch was lost");
            Require(_driver.ReceiveFrames.MisuseCount + _driver.TransmitFrames.MisuseCount + _driver.Batches.MisuseCount == 0, "a frame was used after it was given back");
        }

        private void Send(int length)
        {
            if (!_driver.Batches.TryRent(out FrameBatch batch))
                return;
            if (_driver.TransmitFrames.TryRent(out FrameBuffer frame))
            {
                frame.Append(new byte[ShortestFrame + length]);
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
                    _driver.TakeInterrupt();
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
            catch (Rtl8139Exception)
            {
                _card.IsDead = false;
                _card.ClaimsEmpty = null;
                Start();
            }
        }

        private void Start() => _driver.Start(() => _interrupts++);
    }
}
