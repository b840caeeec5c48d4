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

    /// <summary>Changes that were acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Keys that were looked at.</summary>
    public long Found { get; private set; }

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
        if (line.StartsWith(Failed, StringComparison.Ordinal))
        {
            throw new UserError(line[Failed.Length..], exitCode: ExitCodes.Failure);
        }

        if (!line.StartsWith(Mark, StringComparison.Ordinal) || !line.EndsWith(End, StringComparison.Ordinal) || line.Length < Mark.Length + End.Length)
        {
            return;
        }

        var words = line[Mark.Length..^End.Length].Split(' ');
        switch (words)
        {
            case ["ask", var key, var number]:
                this[key].Asked = Number(number);
                break;
            case ["acknowledged", var key, var number]:
                this[key].Acknowledged = Number(number);
                Acknowledged++;
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
