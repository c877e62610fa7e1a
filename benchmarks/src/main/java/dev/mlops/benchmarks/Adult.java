package dev.mlops.benchmarks;

import dev.mlops.model.Column;

/** One record of a census: six numbers and eight texts, of which those not known are empty. */
record Adult(
    float age,
    float fnlwgt,
    @Column("education_num") float educationNum,
    @Column("capital_gain") float capitalGain,
    @Column("capital_loss") float capitalLoss,
    @Column("hours_per_week") float hoursPerWeek,
    String workclass,
    String education,
    @Column("marital_status") String maritalStatus,
    String occupation,
    String relationship,
    String race,
    String sex,
    @Column("native_country") String nativeCountry) {
  static final String[] NUMBERS = {
    "age", "fnlwgt", "education_num", "capital_gain", "capital_loss", "hours_per_week"
  };
  static final String[] TEXTS = {
    "workclass",
    "education",
    "marital_status",
    "occupation",
    "relationship",
    "race",
    "sex",
    "native_country"
  };

  float[] numbers() {
    return new float[] {age, fnlwgt, educationNum, capitalGain, capitalLoss, hoursPerWeek};
  }

  String[] texts() {
    return new String[] {
      workclass, education, maritalStatus, occupation, relationship, race, sex, nativeCountry
    };
  }
}
