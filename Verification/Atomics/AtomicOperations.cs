using System.Globalization;

namespace Troupe.Verification.Atomics;

/// <summary>
/// What instrumented copies of the assemblies under test call after each atomic operation (Verification/Instrumentation puts the calls in). Which operations an explored
/// schedule reached goes to a file, for the report; the operations of the schedule that runs are kept, for a reader of one that fails.
/// </summary>
/// <remarks>This assembly is not rewritten, so nothing in it is a scheduling point.</remarks>
public static class AtomicOperations
{
    private const int MaximumSites = 1 << 16;
    private const int LongestSchedule = 20_000;

    private static readonly bool[] _reached = new bool[MaximumSites];
    private static readonly object _file = new();
    private static readonly AsyncLocal<Schedule?> _schedule = new();
    private static readonly AsyncLocal<string?> _party = new();

    // Coyote ends a schedule by interrupting its threads. What they do on their way out of locks is done in no order, and is none of the schedule's; no thread has a schedule after that.
    [ThreadStatic]
    private static bool t_isInterrupted;

    static AtomicOperations() => AppDomain.CurrentDomain.FirstChanceException += static (_, thrown) => t_isInterrupted |= thrown.Exception is ThreadInterruptedException;

    /// <summary>A file to which the number of each operation is added when it is reached first; null: none is written.</summary>
    public static string? File { get; set; }

    /// <summary>An operation has been done.</summary>
    public static void Reached(int site)
    {
        if (t_isInterrupted)
            return;
        if (!_reached[site])
            Add(site);
        if (_schedule.Value is { } schedule)
            schedule.Add(new AtomicStep(_party.Value ?? "test", site, null));
    }

    /// <summary>A schedule begins in this flow: what is done from here on is kept until the next begins.</summary>
    public static void BeginSchedule(Schedule schedule)
    {
        ArgumentNullException.ThrowIfNull(schedule);
        schedule.Clear();
        _schedule.Value = schedule;
        _party.Value = null;
    }

    /// <summary>Names who does what follows in this flow: a processor, an actor.</summary>
    public static void Name(string party) => _party.Value = party;

    /// <summary>Something a reader wants to see besides, such as a message and whom it is for.</summary>
    public static void Note(string to, string what)
    {
        if (!t_isInterrupted)
            _schedule.Value?.Add(new AtomicStep(_party.Value ?? "test", -1, what) { To = to });
    }

    private static void Add(int site)
    {
        lock (_file)
        {
            if (_reached[site])
                return;
            _reached[site] = true;
            if (File is { } file)
                System.IO.File.AppendAllText(file, site.ToString(CultureInfo.InvariantCulture) + "\n");
        }
    }

    /// <summary>The operations of one schedule in the order in which they were done.</summary>
    public sealed class Schedule
    {
        private readonly List<AtomicStep> _steps = [];
        private bool _isOver;

        /// <summary>The operations.</summary>
        public IReadOnlyList<AtomicStep> Steps
        {
            get
            {
                lock (_steps) return [.. _steps];
            }
        }

        /// <summary>The schedule is over: what is done from here on, until the next begins, is none of it.</summary>
        public void End()
        {
            lock (_steps) _isOver = true;
        }

        internal void Add(AtomicStep step)
        {
            lock (_steps)
            {
                if (!_isOver && _steps.Count < LongestSchedule) _steps.Add(step);
            }
        }

        internal void Clear()
        {
            lock (_steps)
            {
                _steps.Clear();
                _isOver = false;
            }
        }
    }
}
