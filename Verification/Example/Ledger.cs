using Troupe.Actors;

namespace Troupe.Verification.Example;

/// <summary>Writes down what was sold.</summary>
internal sealed class Ledger(List<Sale> sales) : Actor<Sale>
{
    protected override ValueTask ReceiveAsync(Sale message)
    {
        sales.Add(message);
        return default;
    }
}
