using System.Buffers.Binary;
using System.Globalization;
using Troupe.Actors;
using Troupe.Actors.TestKit;
using Troupe.Drivers.Contracts;
using Troupe.Drivers.Tests.Xen;
using Troupe.Drivers.Xen;

namespace Troupe.Verification.Fuzzing;

/// <summary>
/// The driver of a Xen disk with another half that does what the input says: ends requests well, with any number, operation and status, or more of them than there are; writes anywhere in the ring and in the
/// pages of segments, goes from state to state in any order, says anything of the disk, keeps pages that are wanted back, sends events; and time passes. The driver never fails, every batch is answered
/// once and every operation counted once, no buffer is lost, and no grant.
/// </summary>
internal sealed class XenBlockTarget() : FuzzTarget("xen-blkfront")
{
    private const int Kinds = 10;

    public override long MostAllocated => 16 << 20;

    public override IEnumerable<byte[]> Seeds =>
    [
        // A read and a write that end well; a flush behind a write; a discard.
        [0, 0, 0, 4, 3, 0, 1, 9, 8, 1, 0, 1, 0, 0, 7, 3, 1, 1, 0, 1, 0, 1, 0, 0, 2, 20, 4, 1, 0],
        // A transfer with a page of segments; an answer with another's number, which the driver cuts off; it connects again.
        [1, 0, 0, 0, 100, 2, 5, 0, 0, 8, 20, 0, 1, 3, 2, 1, 0],
        // More answers than requests; the ring overwritten; pages kept through a close; a state that makes no sense.
        [0, 0, 0, 1, 1, 3, 200, 8, 12, 0, 0, 0, 4, 0, 0, 4, 255, 255, 255, 255, 7, 1, 5, 5, 8, 30, 7, 0, 5, 6, 8, 30, 5, 9, 8, 30],
        // A disk of no size, of sectors of another size, without flush; silence until the driver's patience is at its end.
        [0, 6, 0, 0, 5, 4, 6, 1, 8, 5, 4, 0, 0, 0, 1, 8, 255, 8, 255, 8, 255],
    ];

    public override void Run(ReadOnlySpan<byte> input)
    {
        byte[] steps = input.ToArray();
        List<ActorFailure> failures = [];
        TestSystem.Run(
            async test =>
            {
                Bench bench = new(test, steps.Length > 0 ? steps[0] : 0);
                await test.WhenIdle();
                ReadOnlyMemory<byte> rest = steps.AsMemory(Math.Min(1, steps.Length));
                while (!rest.IsEmpty)
                {
                    InputReader reader = new(rest.Span);
                    TimeSpan time = bench.Step(ref reader);
                    rest = rest[(rest.Length - reader.Rest().Length)..];
                    await test.AdvanceAsync(time);
                }

                await bench.EndAsync(test);
            },
            new() { Seed = 1, IgnoresFailures = true, Configure = options => options with { OnFailure = failures.Add } });
        Require(failures.Count == 0, $"the driver failed: {string.Join('\n', failures)}");
    }

    private sealed class Bench
    {
        private const string Front = "device/vbd/51712", Back = "/local/domain/0/backend/vbd/1/51712";
        private const int EntryLength = 112, Entries = 64, RingSize = 32, Page = 4096;
        private static readonly string[] _properties = ["sectors", "sector-size", "physical-sector-size", "info", "feature-flush-cache", "feature-discard", "feature-max-indirect-segments"];
        private static readonly string[] _values = ["0", "1", "4", "11", "256", "512", "4096", "9223372036854775807", "-1", "nonsense"];

        private readonly FakeFrontend _frontend = new("vbd 51712");
        private readonly FakeStore _store = new();
        private readonly BlkFrontDevice _device;
        private readonly ActorRef<BlockDeviceMessage> _driver;
        private readonly List<Task> _asked = [];
        private readonly List<(ulong Id, byte Operation)> _seen = [];
        private uint _ring;
        private uint _taken, _answered;
        private long _operations, _answers;

        public Bench(TestSystem test, int kind)
        {
            BlkFrontOptions options = new() { MaximumBatches = 4, BufferCount = 6, BufferSize = 16 * Page };
            _device = new(_frontend, _frontend.CreateArena(options.RequiredDmaMemory), 51712, options);
            _store.Nodes[$"{Front}/backend"] = Back;
            _store.Nodes[$"{Back}/state"] = "2";
            foreach (var (name, value) in _properties.Zip(["256", "512", "4096", "0", "1", "1", (kind & 1) != 0 ? "256" : "0"]))
                _store.Nodes[$"{Back}/{name}"] = value;
            _store.OnWrite = Follow;
            ActorRef<XenStoreMessage> client = test.System.Spawn(new XenStoreClient(_store), "xenstore");
            _driver = test.System.Spawn(() => new BlkFrontDriver(_device, client, Front), new SpawnOptions { Name = "disk", OnFailure = FailurePolicy.Restart });
        }

        /// <summary>Does one thing, and says how much time is to pass.</summary>
        public TimeSpan Step(ref InputReader reader)
        {
            switch (reader.Byte() % Kinds)
            {
                case 0:
                    Submit(reader.Byte(), reader.Byte(), reader.Byte());
                    break;
                case 1:
                    Take();
                    if (_seen.Count > 0)
                    {
                        var (id, operation) = _seen[0];
                        _seen.RemoveAt(0);
                        Respond(id, operation, (short)-(reader.Byte() % 4));
                    }

                    break;
                case 2:
                    Take();
                    int which = reader.Byte();
                    Respond(which < _seen.Count ? _seen[which].Id : reader.UInt32(), reader.Byte(), (short)reader.UInt16());
                    break;
                case 3:
                    Claim(_answered + reader.Byte());
                    break;
                case 4:
                    WriteAnywhere(reader.UInt16(), reader.Take(reader.Byte() % 16));
                    break;
                case 5:
                    _store.Set($"{Back}/state", (reader.Byte() % 10).ToString(CultureInfo.InvariantCulture));
                    break;
                case 6:
                    _store.Nodes[$"{Back}/{_properties[reader.Byte() % _properties.Length]}"] = _values[reader.Byte() % _values.Length];
                    break;
                case 7:
                    _frontend.IsMapped = (reader.Byte() & 1) != 0;
                    break;
                case 8:
                    return TimeSpan.FromMilliseconds(100 * reader.Byte());
                default:
                    _frontend.Channel.Raise();
                    break;
            }

            return TimeSpan.Zero;
        }

        public async Task EndAsync(TestSystem test)
        {
            // The driver's own number of what was asked and has not been answered is right whatever happened.
            BlockDeviceStatistics statistics = await _driver.AskAsync<BlockDeviceStatistics>(BlockDeviceMessage.GetStatistics);
            Require(statistics.Reads + statistics.Writes + statistics.Discards <= _operations, $"more was done than asked: {statistics}");
            await _driver.StopAsync(drain: false);
            _frontend.IsMapped = false;
            _device.Stop();
            await test.WhenIdle();
            Require(_asked.TrueForAll(static question => question.IsCompleted), "a batch has no answer though the driver has ended");
            Require(_answers == _asked.Count, $"{_asked.Count} batches had {_answers} answers");
            Require(_device.Buffers.RentedCount == 0, "a buffer was lost");
            Require(_device.Buffers.MisuseCount == 0, "a buffer was used after it was given back");
            Require(_frontend.GrantCount == 0, "a grant was not taken back");
            Require(!_frontend.Channel.IsConnected, "the channel is still connected");
        }

        private void Submit(int kind, int sector, int sectors)
        {
            BlockBatch batch = new();
            if ((kind & 3) == 2)
            {
                Require(batch.TryAddDiscard(sector, 1 + sectors), "a batch has no room for a discard");
            }
            else if ((kind & 3) < 2 && _device.Buffers.TryRent(out BlockBuffer buffer))
            {
                int count = 1 + (sectors % (buffer.Data.Length / BlockDeviceInformation.SectorSize));
                Require((kind & 1) == 0 ? batch.TryAddRead(sector, count, buffer) : batch.TryAddWrite(sector, count, buffer), "a batch has no room for an operation");
            }

            if ((kind & 4) != 0 || batch.Count == 0)
                batch.AddFlush();
            _operations += batch.Count;
            _asked.Add(AskAsync(batch));
        }

        private async Task AskAsync(BlockBatch batch)
        {
            try
            {
                // Within the time that drivers promise, and not by anybody's deadline.
                using BlockBatch answer = await _driver.AskAsync<BlockBatch, BlockBatch>(batch, BlockDeviceMessage.Submit, TimeSpan.FromDays(1));
                _answers += answer.Status == BlockStatus.Pending ? 0 : 1;
            }
            catch (AskFailedException)
            {
                // The driver had ended before it came.
                _answers++;
            }
        }

        // As Linux's blkback, unless its state was set by the input meanwhile.
        private void Follow(string path, string value)
        {
            if (path != $"{Front}/state")
                return;
            switch (value)
            {
                case "3" when uint.TryParse(_store.Nodes.GetValueOrDefault($"{Front}/ring-ref"), CultureInfo.InvariantCulture, out _ring):
                    (_taken, _answered) = (0, 0);
                    _seen.Clear();
                    _store.Set($"{Back}/state", "4");
                    break;
                case "1" or "5" or "6":
                    _store.Set($"{Back}/state", value == "1" ? "2" : value);
                    break;
            }
        }

        private void Take()
        {
            if (!_frontend.MayWrite(_ring))
                return;
            Span<byte> page = _frontend.Page(_ring);
            for (int count = 0; count < RingSize && _taken != BinaryPrimitives.ReadUInt32LittleEndian(page); count++)
            {
                Span<byte> entry = page[(Entries + ((int)(_taken++ % RingSize) * EntryLength))..];
                _seen.Add((BinaryPrimitives.ReadUInt64LittleEndian(entry[8..]), entry[0]));
            }

            // Wants to be told of the next.
            BinaryPrimitives.WriteUInt32LittleEndian(page[4..], _taken + 1);
        }

        private void Respond(ulong id, byte operation, short status)
        {
            if (!_frontend.MayWrite(_ring))
                return;
            Span<byte> entry = _frontend.Page(_ring, toWrite: true)[(Entries + ((int)(_answered % RingSize) * EntryLength))..];
            BinaryPrimitives.WriteUInt64LittleEndian(entry, id);
            entry[8] = operation;
            BinaryPrimitives.WriteInt16LittleEndian(entry[10..], status);
            Claim(_answered + 1);
        }

        private void Claim(uint producer)
        {
            _answered = producer;
            if (_frontend.MayWrite(_ring))
                BinaryPrimitives.WriteUInt32LittleEndian(_frontend.Page(_ring, toWrite: true)[8..], producer);
            _frontend.Channel.Raise();
        }

        private void WriteAnywhere(int at, ReadOnlySpan<byte> octets)
        {
            // The ring's page, or that of a request's segments: it is granted next to it.
            uint grant = at < Page ? _ring : _ring - 1;
            if (!_frontend.MayWrite(grant))
                return;
            Span<byte> page = _frontend.Page(grant, toWrite: true)[(at % Page)..];
            octets[..Math.Min(octets.Length, page.Length)].CopyTo(page);
        }
    }
}
