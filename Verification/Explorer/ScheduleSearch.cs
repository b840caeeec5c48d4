using System.Numerics;
using System.Text;

namespace Troupe.Verification.Explorer;

/// <summary>
/// Depth-first search over schedules. A process is a thread (0..7) or a thread's store buffer (8..15), whose step is to
/// make its oldest store visible. Unbounded searches use dynamic partial-order reduction with source sets (Abdulla et al.,
/// POPL 2014) and sleep sets (Godefroid, LNCS 1032), store buffers being processes as in their TSO paper (TACAS 2015);
/// searches with a preemption bound try every process within the bound.
/// </summary>
internal sealed class ScheduleSearch
{
    /// <summary>No process can take a step.</summary>
    public const int Nobody = -1;

    /// <summary>Every process that can take a step was explored from an equivalent state.</summary>
    public const int Covered = -2;

    private readonly ExplorerOptions _options;
    private readonly bool _reduce;
    private readonly int[]? _forced;
    private readonly List<Node> _path = [];
    private readonly List<int> _nodeOfStep = [];
    private readonly List<int> _races = [];
    private int _position;
    private uint _childSleep;
    private int _running;
    private int _preemptions;

    public ScheduleSearch(ExplorerOptions options)
    {
        _options = options;
        _reduce = options is { PartialOrderReduction: true, PreemptionBound: null };
    }

    private ScheduleSearch(ExplorerOptions options, int[] forced)
        : this(options)
    {
        _forced = forced;
        _reduce = false;
    }

    /// <summary>The order of the steps of the schedule that runs.</summary>
    public HappensBefore Order { get; } = new();

    /// <summary>Steps of the schedule that runs.</summary>
    public int Depth => _nodeOfStep.Count;

    /// <summary>Decisions of the schedule that runs: steps, and choices between them.</summary>
    public int Position => _position;

    /// <summary>A search that takes one path and ends; the memory model is part of the replay string.</summary>
    public static ScheduleSearch ForReplay(ref ExplorerOptions options, string replay)
    {
        var (prefix, path) = replay.Split(':') is [var first, var second]
            ? (first, second)
            : throw new FormatException($"not a replay string: '{replay}'");
        options = options with
        {
            Model = prefix switch
            {
                "tso" => MemoryModel.TotalStoreOrder,
                "sc" => MemoryModel.SequentialConsistency,
                "ra" => MemoryModel.ReleaseAcquire,
                _ => throw new FormatException($"not a memory model: '{prefix}'"),
            },
        };
        return new ScheduleSearch(options, [.. path.Select(Decode)]);
    }

    public string Replay()
    {
        var text = new StringBuilder(_options.Model switch { MemoryModel.TotalStoreOrder => "tso:", MemoryModel.ReleaseAcquire => "ra:", _ => "sc:" });
        foreach (var node in _path.Take(_position))
            text.Append((char)(node.Alternatives > 0 ? '0' + node.Chosen : node.Chosen < Scenario.MaximumThreads ? 'a' + node.Chosen : 'A' + node.Chosen - Scenario.MaximumThreads));
        return text.ToString();
    }

    public void BeginSchedule()
    {
        Order.Reset();
        _nodeOfStep.Clear();
        _position = 0;
        _childSleep = 0;
        _running = Nobody;
        _preemptions = 0;
    }

    /// <summary>Decides who takes the next step.</summary>
    /// <param name="state">What each process would do.</param>
    /// <returns>A process, or <see cref="Nobody"/>, or <see cref="Covered"/>.</returns>
    public int NextProcess(ModelMachine state)
    {
        var enabled = state.EnabledProcesses();
        Node node;
        if (_position < _path.Count)
        {
            node = _path[_position];
            if (node.Alternatives > 0 || node.Enabled != enabled)
                throw new ExplorationException("the scenario is not deterministic: the same schedule led to another state");
        }
        else
        {
            if (_reduce) AddBacktrackPointsOfBlocked(state, enabled);
            if (enabled == 0) return Nobody;
            if ((enabled & ~_childSleep) == 0) return Covered;
            var allowed = WithinBound(enabled);
            var chosen = _forced is null ? Prefer(allowed & ~_childSleep) : Forced(enabled);
            node = new Node(enabled, chosen) { Sleep = _childSleep, Backtrack = _reduce || _forced is not null ? Bit(chosen) : allowed };
            _path.Add(node);
        }

        if (_reduce && _position == _path.Count - 1) AddBacktrackPoints(state, node.Chosen);
        _nodeOfStep.Add(_position++);
        _childSleep = _reduce ? node.Sleep & ~Bit(node.Chosen) & ~state.ConflictingWith(node.Chosen, node.Sleep) : 0;
        if (node.Chosen < Scenario.MaximumThreads)
        {
            if (Preempts(enabled, node.Chosen)) _preemptions++;
            _running = node.Chosen;
        }

        return node.Chosen;
    }

    /// <summary>Decides a choice that the running thread asked for.</summary>
    public int NextChoice(int alternatives)
    {
        if (alternatives is < 1 or > 10) throw new ArgumentOutOfRangeException(nameof(alternatives), "1 to 10 alternatives");
        if (_position == _path.Count) _path.Add(new Node(0, _forced is null ? 0 : Forced(0)) { Alternatives = alternatives });
        return _path[_position++].Chosen;
    }

    /// <summary>Goes to the next path.</summary>
    /// <returns>Whether there is one.</returns>
    public bool Advance()
    {
        while (_path.Count > 0)
        {
            var node = _path[^1];
            if (node.Alternatives > 0)
            {
                if (++node.Chosen < node.Alternatives) return true;
            }
            else
            {
                node.Sleep |= Bit(node.Chosen);
                var next = node.Backtrack & ~node.Sleep;
                if (next != 0)
                {
                    node.Chosen = BitOperations.TrailingZeroCount(next);
                    return true;
                }
            }

            _path.RemoveAt(_path.Count - 1);
        }

        return false;
    }

    private static uint Bit(int process) => 1u << process;

    private static int Decode(char c) => c switch
    {
        >= '0' and <= '9' => c - '0',
        >= 'a' and < (char)('a' + Scenario.MaximumThreads) => c - 'a',
        >= 'A' and < (char)('A' + Scenario.MaximumThreads) => c - 'A' + Scenario.MaximumThreads,
        _ => throw new FormatException($"not a step of a replay string: '{c}'"),
    };

    /// <summary>
    /// For each step that the next operation of a process races with, asks for the other order: before that step, a process
    /// that can begin the other order must be tried too. A wait may be impossible there; then all are tried that can go on.
    /// </summary>
    private void AddBacktrackPoints(ModelMachine state, int process)
    {
        var operation = state.PendingOf(process, out var buffer)!;
        Order.FindRaces(process, operation, buffer, _races);
        foreach (var race in _races)
        {
            var node = _path[_nodeOfStep[race]];
            var initials = Order.Initials(race, process, operation, buffer);
            var possible = initials & node.Enabled;
            if (possible == 0 || (operation.Kind == OperationKind.Wait && possible != initials)) node.Backtrack |= node.Enabled;
            else if ((possible & node.Backtrack) == 0) node.Backtrack |= (possible & Bit(process)) != 0 ? Bit(process) : possible & (~possible + 1);
        }
    }

    /// <summary>A process that waits in vain takes no step, but what it waits for may have come and gone.</summary>
    private void AddBacktrackPointsOfBlocked(ModelMachine state, uint enabled)
    {
        for (var process = 0; process < Scenario.MaximumThreads; process++)
        {
            if ((enabled & Bit(process)) == 0 && state.PendingOf(process, out _) is { Kind: OperationKind.Wait }) AddBacktrackPoints(state, process);
        }
    }

    private bool Preempts(uint enabled, int next) =>
        next < Scenario.MaximumThreads && _running >= 0 && next != _running && (enabled & Bit(_running)) != 0;

    private uint WithinBound(uint enabled)
    {
        if (_options.PreemptionBound is not { } bound || _preemptions < bound) return enabled;
        for (var process = 0; process < Scenario.MaximumThreads; process++)
        {
            if (Preempts(enabled, process)) enabled &= ~Bit(process);
        }

        return enabled;
    }

    /// <summary>First the running thread, then other threads, and store buffers last: late stores are where the surprises are.</summary>
    private int Prefer(uint candidates) =>
        _running >= 0 && (candidates & Bit(_running)) != 0 ? _running : BitOperations.TrailingZeroCount(candidates);

    private int Forced(uint enabled)
    {
        if (_position >= _forced!.Length) return enabled == 0 ? 0 : Prefer(enabled);
        var next = _forced[_position];
        if (enabled != 0 && (enabled & Bit(next)) == 0) throw new ExplorationException($"the replay string does not fit the scenario at step {_position + 1}");
        return next;
    }

    /// <summary>A decision on the path: who takes a step, or (with alternatives) which way a choice goes.</summary>
    private sealed class Node(uint enabled, int chosen)
    {
        public uint Enabled { get; } = enabled;

        public int Chosen { get; set; } = chosen;

        /// <summary>Processes to be tried from here.</summary>
        public uint Backtrack { get; set; }

        /// <summary>Processes that need not be tried: done here, or covered from an equivalent state.</summary>
        public uint Sleep { get; set; }

        public int Alternatives { get; init; }
    }
}
