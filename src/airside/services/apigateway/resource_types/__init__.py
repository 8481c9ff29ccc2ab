"""How CloudFormation makes, changes and removes what belongs to REST APIs."""
