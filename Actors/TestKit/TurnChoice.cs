// The second way follows Burckhardt et al.: "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs", ASPLOS 2010.
namespace Troupe.Actors.TestKit;

/// <summary>
/// Who goes next. Even seeds choose evenly among all that can go. Odd seeds give everybody a priority and let the highest go, whose priority is drawn
/// anew now and then: so some actor is far behind the others for a while, which even choices hardly ever bring about.
/// </summary>
internal sealed class TurnChoice(int seed)
{
    /// <summary>Steps between changes of priority, on average.</summary>
    private const int StepsPerChange = 16;

    private readonly SeededRandom _random = new(seed);
    private readonly Dictionary<object, int> _priorities = new(ReferenceEqualityComparer.Instance);

    /// <summary>The index of the one to go, among <paramref name="count"/> of them.</summary>
    internal int Next(int count, Func<int, object> identify)
    {
        if ((seed & 1) == 0 || count == 1)
            return _random.Next(count);

        int highest = 0;
        int priority = -1;
        for (int index = 0; index < count; index++)
        {
            int own = PriorityOf(identify(index));
            if (own > priority)
                (highest, priority) = (index, own);
        }

        if (_random.Next(StepsPerChange) == 0)
            _priorities[identify(highest)] = _random.Next(int.MaxValue);
        return highest;
    }

    private int PriorityOf(object identity)
    {
        if (!_priorities.TryGetValue(identity, out int priority))
            _priorities.Add(identity, priority = _random.Next(int.MaxValue));
        return priority;
    }
}
