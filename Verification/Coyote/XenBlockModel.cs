// xen/include/public/io/blkif.h and io/ring.h, from the other half's side.
namespace Troupe.Verification.Coyote;

/// <summary>The other half of a Xen disk, for Coyote.</summary>
internal sealed class XenBlockModel(int queues = 1, bool eventsFirst = false) : XenModel(queues)
{
    private const int RequestProducer = 0, RequestEvent = 4, ResponseProducer = 8, ResponseEvent = 12, Entries = 64;
    private const int Slots = 32, Entry = 112, RequestId = 8, ResponseId = 0, ResponseOperation = 8, ResponseStatus = 10;
    private const ushort NoSuchRequest = 9999;

    /// <summary>So many that a turn of the driver's fits into them.</summary>
    private const int Dawdles = 400;

    private readonly ModelBlock?[] _rings = new ModelBlock?[queues];
    private readonly uint[] _done = new uint[queues];

    public override string ConnectsAt => "3";

    public override IReadOnlyDictionary<string, string> Nodes { get; } = new Dictionary<string, string> { ["sectors"] = "64", ["sector-size"] = "512", ["feature-flush-cache"] = "1" };

    /// <summary>A request ends, if one waits.</summary>
    public bool TryPerform(int queue = 0) => TryRespond(queue, lies: false);

    /// <summary>The same with a request that there is not.</summary>
    public bool TryLie(int queue) => TryRespond(queue, lies: true);

    protected override void Connect(int queue, Func<string, ModelBlock> page) => (_rings[queue], _done[queue]) = (page("ring-ref"), 0);

    protected override void Disconnect() => Array.Clear(_rings);

    private bool TryRespond(int queue, bool lies)
    {
        lock (Bell)
        {
            if (_rings[queue] is not { } ring || ring.ReadUInt32Acquire(RequestProducer) == _done[queue]) return false;
            var entry = Entries + ((int)(_done[queue] % Slots) * Entry);
            // A response's operation is where a request has its number.
            var operation = (ushort)(ring.Read16(entry) & 0xFF);
            for (var word = 0; word < 8; word += 2) ring.Write16(entry + ResponseId + word, lies ? NoSuchRequest : ring.Read16(entry + RequestId + word));
            ring.Write16(entry + ResponseOperation, operation);
            ring.Write16(entry + ResponseStatus, 0);
            _done[queue]++;
            // It wants to be told of the next.
            ring.WriteUInt32Release(RequestEvent, _done[queue] + 1);
            if (eventsFirst)
            {
                Raise(queue);
                for (var step = 0; step < Dawdles; step++) VirtioModel.Point();
            }

            ring.WriteUInt32Release(ResponseProducer, _done[queue]);
            if (!eventsFirst && ring.ReadUInt32Acquire(ResponseEvent) == _done[queue]) Raise(queue);
            return true;
        }
    }
}
