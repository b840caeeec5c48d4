using Troupe.Actors;
using Troupe.Core.Memory;

namespace Troupe.Verification.Protocols;

/// <summary>
/// One thread writes events into a ring of two while another reads: whatever is read is an event as it was written, in order, and when the writer is done
/// the last ones are there. Planted: a second writer, which the ring is not made for.
/// </summary>
internal sealed class TraceRingProtocol<TMemory, TWorld>(int events, int reads, bool twoWriters = false) : Protocol
    where TMemory : struct, IMemory
    where TWorld : struct, IWorld
{
    private const int Length = 2;

    private readonly TraceRing<string, TMemory> _ring = new(Length);
    private readonly List<TraceRecord<string>>[] _read = [.. Enumerable.Range(0, reads).Select(_ => new List<TraceRecord<string>>())];

    public override Action[] Processors => twoWriters ? [() => Write(1), () => Write(events + 1), Read] : [() => Write(1), Read];

    public override void Check()
    {
        foreach (var read in _read) Require(read);
        if (twoWriters) return;
        var last = new List<TraceRecord<string>>();
        Require(_ring.Read(last) == events - Length + 1 && last.Count == Length - 1, "the last events are not there");
        Require(last);
    }

    private void Require(List<TraceRecord<string>> read)
    {
        for (var index = 0; index < read.Count; index++)
        {
            var (time, kind, message, flow) = (read[index].Time, read[index].KindAndWorker, read[index].Message, read[index].Flow);
            Require(time == kind && time == message && time == flow, "half of one event and half of another were read");
            Require(twoWriters || index == 0 || time == read[index - 1].Time + 1, "events are out of order");
        }
    }

    private void Write(int first)
    {
        for (var number = first; number < first + events; number++) _ring.Write(new() { Time = number, KindAndWorker = number, Message = number, Cause = number, Flow = number });
    }

    private void Read()
    {
        foreach (var read in _read) _ring.Read(read);
    }
}
