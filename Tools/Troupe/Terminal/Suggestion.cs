namespace Troupe.Tools.Terminal;

/// <summary>Finds what the user probably meant.</summary>
public static class Suggestion
{
    /// <summary>The candidate nearest to <paramref name="word"/>, or null if none is near enough to be a typing error.</summary>
    public static string? Nearest(string word, IEnumerable<string> candidates)
    {
        var best = candidates
            .Select(candidate => (candidate, distance: Distance(word.ToLowerInvariant(), candidate.ToLowerInvariant())))
            .OrderBy(pair => pair.distance)
            .FirstOrDefault();
        return best.candidate is not null && best.distance <= Math.Max(1, word.Length / 3) ? best.candidate : null;
    }

    /// <summary>Edits between two words: a letter more, less or other, or two neighbours exchanged (optimal string alignment).</summary>
    private static int Distance(string left, string right)
    {
        var edits = new int[left.Length + 1, right.Length + 1];
        for (var row = 0; row <= left.Length; row++)
        {
            for (var column = 0; column <= right.Length; column++)
            {
                if (row == 0 || column == 0)
                {
                    edits[row, column] = row + column;
                    continue;
                }

                var change = edits[row - 1, column - 1] + (left[row - 1] == right[column - 1] ? 0 : 1);
                var best = Math.Min(change, Math.Min(edits[row - 1, column], edits[row, column - 1]) + 1);
                if (row > 1 && column > 1 && left[row - 1] == right[column - 2] && left[row - 2] == right[column - 1])
                {
                    best = Math.Min(best, edits[row - 2, column - 2] + 1);
                }

                edits[row, column] = best;
            }
        }

        return edits[left.Length, right.Length];
    }
}
