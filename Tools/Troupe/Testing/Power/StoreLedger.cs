using System.Globalization;
using Troupe.Tools.Terminal;

namespace Troupe.Tools.Testing.Power;

/// <summary>
/// What a guest's store must hold, by what the guest said of it on its console (Apps/SelfTest/StoreLoad.cs): of each key the change that was acknowledged last, or the one that was asked for since.
/// What a guest found is what it must find from then on, because it was served.
/// </summary>
public sealed class StoreLedger
{
    // What the lines begin with that are for the ledger, and end with if the power did not go in the middle of one.
    private const string Mark = "store: ", End = " .";
    private const string Failed = "store FAILED: ";

    private readonly Dictionary<string, Entry> _entries = [];
    private readonly Dictionary<string, long> _acknowledged = [];

    /// <summary>Changes that were acknowledged.</summary>
    public long Acknowledged => _acknowledged.Values.Sum();

    /// <summary>Keys that were looked at.</summary>
    public long Found { get; private set; }

    /// <summary>Changes that were acknowledged of keys of one kind, which is what stands before the first slash.</summary>
    public long AcknowledgedOf(string kind) => _acknowledged.GetValueOrDefault(kind);

    /// <summary>Whether the latest guest has looked at every key.</summary>
    public bool IsChecked { get; private set; }

    /// <summary>Whether no change was asked for that is not acknowledged.</summary>
    public bool IsSettled => _entries.Values.All(entry => entry.Asked == entry.Acknowledged);

    /// <summary>Another guest begins.</summary>
    public void Boot() => IsChecked = false;

    /// <summary>Takes a line of a console; lines that are for others, or are cut off, are let pass.</summary>
    /// <exception cref="UserError">What was acknowledged is gone, or what nobody asked for is there.</exception>
    public void Read(string line)
    {
        ArgumentNullException.ThrowIfNull(line);
        if (After(Failed, line) is { } reason)
        {
            throw new UserError(reason, exitCode: ExitCodes.Failure);
        }

        if (After(Mark, line) is not { } said || !said.EndsWith(End, StringComparison.Ordinal))
        {
            return;
        }

        var words = said[..^End.Length].Split(' ');
        switch (words)
        {
            case ["ask", var key, var number]:
                this[key].Asked = Number(number);
                break;
            case ["acknowledged", var key, var number]:
                this[key].Acknowledged = Number(number);
                var kind = key.Split('/')[0];
                _acknowledged[kind] = AcknowledgedOf(kind) + 1;
                break;
            case ["found", var key, var number]:
                this[key].Resolve(key, Number(number));
                Found++;
                break;
            case ["checked"]:
                IsChecked = true;
                break;
            default:
                throw new UserError($"the guest says: {line}", exitCode: ExitCodes.Failure);
        }
    }

    // The report of a failure goes to the console in several pieces, and lines get in between.
    private static string? After(string mark, string line) => line.IndexOf(mark, StringComparison.Ordinal) is >= 0 and var at ? line[(at + mark.Length)..] : null;

    private Entry this[string key] => _entries.TryGetValue(key, out var entry) ? entry : _entries[key] = new Entry();

    private static long Number(string text) => long.Parse(text, NumberStyles.None, CultureInfo.InvariantCulture);

    private sealed class Entry
    {
        public long Acknowledged { get; set; }

        public long Asked { get; set; }

        public void Resolve(string key, long found)
        {
            if (found != Value(Acknowledged) && found != Value(Asked))
            {
                throw new UserError($"{key} is {found}; acknowledged was {Acknowledged}{(Asked == Acknowledged ? string.Empty : $", asked for {Asked}")}.", exitCode: ExitCodes.Failure);
            }

            Acknowledged = Asked = found;
        }

        // Every fifth change is a delete: after it there is nothing, which the guest calls 0.
        private static long Value(long change) => change % 5 == 0 ? 0 : change;
    }
}
